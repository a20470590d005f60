"""Does the program in the terminal find its subcommands, load only what is called, and fail in words?"""

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import jwt
import pytest
import typer
from typer.testing import CliRunner

from infra.embedded import secret_file
from infra.embedded.data_lock import DataInUse
from infra.security import jwks
from infra.security.tokens import SigningKey, Verifier
from tools import cli, token

CUSTOMER = UUID("01890000-0000-7000-8000-000000000007")


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("TELOCOMPRO_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TELOCOMPRO_DATA", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


def said(*words: str) -> str:
    result = CliRunner().invoke(cli.build(words), list(words))
    assert result.exit_code == 0, result.output
    return result.output


def test_help_lists_every_subcommand_and_loads_none() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from tools import cli\n"
        "print(CliRunner().invoke(cli.build(['--help']), ['--help']).output)\n"
        "print('loaded', [name for name in sys.modules if name.split('.')[0] in ('infra', 'psycopg', 'sqlalchemy')])\n"
    )

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    for name in cli.COMMANDS:
        assert f"│ {name.split()[0]} " in told
    assert "loaded []" in told


def test_a_command_in_a_group_is_listed_there() -> None:
    assert "olist" in said("import", "--help")


def test_a_token_is_taken_by_the_runs_own_keys(data: Path) -> None:
    told = json.loads(said("token", "--role", "user", "--customer", str(CUSTOMER), "--json"))

    key = SigningKey.from_pem(secret_file.read(data)["signing_key"])
    principal = Verifier(jwks.document([key.public])).verify(told["token"])
    assert (principal.subject, principal.role) == (CUSTOMER, "user")
    assert told["expires_in"] == 900


def test_a_token_without_a_customer_is_nobodys() -> None:
    claims = jwt.decode(said("token", "--role", "admin").strip(), options={"verify_signature": False})

    assert claims["sub"] == str(token.OPERATOR)


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_no_token_is_made_outside_development(monkeypatch: pytest.MonkeyPatch, environment: str) -> None:
    monkeypatch.setenv("TELOCOMPRO_ENVIRONMENT", environment)

    with pytest.raises(typer.BadParameter):
        token.run("admin", None)


def test_what_the_operator_can_change_is_said_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, cli.fail_in_words():
        raise DataInUse("in use by another run")

    assert ended.value.code == 2
    assert capsys.readouterr().err.strip() == "in use by another run"


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), cli.fail_in_words():
        raise ZeroDivisionError
