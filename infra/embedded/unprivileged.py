"""As whom does PostgreSQL run, and where does its data lie, when the runner is root? (It refuses to run as root.)

Everything is tried with the account itself, never guessed from permission bits, and nothing outside our own folders is
changed: what the account can't reach is copied or placed under `/var/tmp/telocompro-<uid>`.
"""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

from infra.embedded.binaries import Binary
from infra.embedded.kept import Account, ServerFailed

_OUTSIDE = Path("/var/tmp")  # noqa: S108 our folder in it is checked to be ours


def account() -> Account | None:
    """None: run as the user that we are."""
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise ServerFailed("PostgreSQL refuses to run as root, and there is no user nobody to run it") from None
    return Account(nobody.pw_uid, nobody.pw_gid)


def home(data: Path, name: str, who: Account | None) -> Path:
    """A folder for the server's files that the account owns and reaches: in `data`, else under /var/tmp."""
    wanted = data / name
    if who is None:
        wanted.mkdir(parents=True, exist_ok=True, mode=0o700)
        return wanted
    if _made(wanted, who):
        return wanted
    label = hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:12]
    elsewhere = _outside() / label / name
    if _made(elsewhere, who):
        return elsewhere
    raise ServerFailed(f"user nobody reaches neither {wanted} nor {elsewhere}")


def reachable(binary: Binary, who: Account | None) -> Path:
    """The folder of the binaries, or of a copy by version that the account can run."""
    if who is None or _runs([str(binary.path), "--version"], who):
        return binary.path.parent
    installation = binary.path.parent.parent
    libraries = installation.parent.with_name(f"{installation.parent.name}.libs")
    target = _outside() / f"pg{binary.text}"
    program = target / installation.parent.name / installation.name / "bin" / binary.path.name
    if not program.exists():
        _copy(installation, libraries, target)
    if not _runs([str(program), "--version"], who):
        raise ServerFailed(f"user nobody can run neither {binary.path} nor the copy {program}")
    return program.parent


def _copy(installation: Path, libraries: Path, target: Path) -> None:
    """As a whole or not at all: another run may copy at the same time."""
    made = Path(tempfile.mkdtemp(prefix=".copy-", dir=target.parent))
    package = made / installation.parent.name
    package.mkdir()
    for folder in (made, package):
        folder.chmod(0o755)  # whatever our umask
    shutil.copytree(installation, package / installation.name, symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, made / libraries.name)
    try:
        made.rename(target)
    except OSError:
        shutil.rmtree(made)  # the other run was first


def _outside() -> Path:
    folder = _OUTSIDE / f"telocompro-{os.geteuid()}"
    folder.mkdir(mode=0o711, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise ServerFailed(f"{folder} belongs to somebody else: remove it, or run as another user")
    folder.chmod(0o711)
    return folder


def _made(folder: Path, who: Account) -> bool:
    """Make the folder for the account. False: it can't reach it there, and nothing is left of the try."""
    if not folder.parent.exists():
        folder.parent.mkdir(parents=True)
        folder.parent.chmod(0o711)
    folder.mkdir(exist_ok=True, mode=0o700)
    os.chown(folder, who.user, who.group)
    if _runs(["test", "-w", str(folder)], who):
        return True
    if not any(folder.iterdir()):
        folder.rmdir()
    return False


def _runs(command: list[str], who: Account) -> bool:
    try:
        done = subprocess.run(
            command, user=who.user, group=who.group, extra_groups=[], cwd="/", capture_output=True, timeout=20
        )
    except OSError:
        return False
    return done.returncode == 0
