"""With what does this process run? Read once by a main or a tool: the environment first, then the run's own files.

Variables: TELOCOMPRO_POSTGRES_URL, KEYS_DATABASE_URL, TELOCOMPRO_REDIS_URL, TELOCOMPRO_MONGO_URL, TELOCOMPRO_PORT_BASE,
TELOCOMPRO_STRIPE_API_KEY, TELOCOMPRO_STRIPE_WEBHOOK_SECRET, TELOCOMPRO_STRIPE_BASE_URL, TELOCOMPRO_MAIL_URL,
TELOCOMPRO_KEK, TELOCOMPRO_SIGNING_KEY, TELOCOMPRO_HEAD_KEY, TELOCOMPRO_DATA, TELOCOMPRO_CLOCK, TELOCOMPRO_ENVIRONMENT,
TELOCOMPRO_WORKER, TELOCOMPRO_LIMIT_PERSON_RATE, _PERSON_BURST, _ADDRESS_RATE, _ADDRESS_BURST, _AT_ONCE, _SOCKETS.
"""

import base64
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from infra.embedded import run_json as run_files
from infra.embedded import secret_file

_ROOT = Path(__file__).parents[1]
_KEK_BYTES = 32
_PUBLIC = ("staging", "production")  # environments


class SettingsMissing(Exception):
    """A process can't start without this variable."""

    def __init__(self, variable: str) -> None:
        super().__init__(f"{variable} is not set (or empty)")
        self.variable = variable


class SettingsInvalid(Exception):
    """A variable has a value that can't be used. The message names it and never shows the value."""


class _Group(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="TELOCOMPRO_", frozen=True, extra="ignore", populate_by_name=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings  # the environment wins over the run's files


G = TypeVar("G", bound=_Group)


class Stores(_Group):
    """Where truth and read models lie. URLs may hold passwords: they are never shown."""

    postgres_url: str = Field(min_length=1, repr=False)
    keys_url: str = Field(
        min_length=1, repr=False, validation_alias=AliasChoices("keys_database_url", "telocompro_keys_url", "keys_url")
    )
    redis_url: str = Field(min_length=1, repr=False)
    mongo_url: str = Field(min_length=1, repr=False)


class Ports(_Group):
    """All ports count from one base, so that two copies run side by side."""

    model_config = SettingsConfigDict(env_prefix="TELOCOMPRO_PORT_")

    base: int = Field(default=3000, ge=1024, le=65_000)

    @property
    def rest(self) -> int:
        return self.base + 1

    @property
    def graphql(self) -> int:
        return self.base + 2

    @property
    def ws(self) -> int:
        return self.base + 3

    @property
    def stripe(self) -> int:
        """The stand-in's."""
        return self.base + 11

    @property
    def mail(self) -> int:
        """The stand-in's, SMTP."""
        return self.base + 12

    @property
    def mail_pages(self) -> int:
        """The stand-in's, HTTP."""
        return self.base + 13


class Stripe(_Group):
    """How to talk to the payment provider. No base URL: the provider's own."""

    model_config = SettingsConfigDict(env_prefix="TELOCOMPRO_STRIPE_")

    api_key: SecretStr = SecretStr("")
    webhook_secret: SecretStr = SecretStr("")  # several, during a rotation: separated by commas
    base_url: str | None = None

    def webhook_secrets(self) -> tuple[str, ...]:
        """At least one, none of them empty. Raises SettingsMissing."""
        secrets = tuple(part.strip() for part in self.webhook_secret.get_secret_value().split(",") if part.strip())
        if not secrets:
            raise SettingsMissing("TELOCOMPRO_STRIPE_WEBHOOK_SECRET")
        return secrets


class Mail(_Group):
    """smtp://host:port, or smtps://user:password@host:port."""

    model_config = SettingsConfigDict(env_prefix="TELOCOMPRO_MAIL_")

    url: str = Field(default="smtp://127.0.0.1:25", repr=False)


class Secrets(_Group):
    """Keys of the platform itself."""

    kek: SecretStr = SecretStr("")  # 32 bytes in base64: wraps the data keys of customers
    signing_key: SecretStr = SecretStr("")  # PEM, RSA: access tokens
    head_key: SecretStr = SecretStr("")  # PEM, Ed25519: heads of the log

    def kek_bytes(self) -> bytes:
        """Raises SettingsMissing, SettingsInvalid."""
        try:
            key = base64.b64decode(_present(self.kek, "TELOCOMPRO_KEK"), validate=True)
        except ValueError:  # also of other letters
            key = b""
        if len(key) != _KEK_BYTES:
            raise SettingsInvalid("TELOCOMPRO_KEK must be 32 bytes in base64")
        return key

    def signing_key_pem(self) -> str:
        """Raises SettingsMissing."""
        return _present(self.signing_key, "TELOCOMPRO_SIGNING_KEY")

    def head_key_pem(self) -> str:
        """Raises SettingsMissing."""
        return _present(self.head_key, "TELOCOMPRO_HEAD_KEY")


class Limits(_Group):
    """What a door takes on. Rates are requests a second, per process; where everybody comes from one machine, as in
    development, they are above what the process can do."""

    model_config = SettingsConfigDict(env_prefix="TELOCOMPRO_LIMIT_")

    person_rate: float = Field(default=5_000, gt=0)  # by access token
    person_burst: float = Field(default=10_000, ge=1)
    address_rate: float = Field(default=20_000, gt=0)
    address_burst: float = Field(default=40_000, ge=1)
    at_once: int = Field(default=512, ge=1)  # requests under way
    sockets: int = Field(default=20_000, ge=1)  # open


IN_PUBLIC = {"person_rate": 50, "person_burst": 200, "address_rate": 500, "address_burst": 2_000}


class Runtime(_Group):
    """Where and as what it runs."""

    data: Path
    clock: Literal["system", "virtual"] = "system"  # virtual: all processes read it from PostgreSQL
    environment: Literal["development", "test", "staging", "production"] = "development"
    worker: str = ""  # a name that one process at a time has: started again, it takes up its own leases at once


class Settings(BaseModel):
    """Everything a main or a tool is told from outside."""

    model_config = ConfigDict(frozen=True)

    stores: Stores
    ports: Ports
    stripe: Stripe
    mail: Mail
    secrets: Secrets
    runtime: Runtime
    limits: Limits = Field(default_factory=Limits)


def read_settings(run_json: Path | None = None) -> Settings:
    """What the environment says, completed by the run of that file (else of TELOCOMPRO_DATA) and its secrets.

    Raises SettingsMissing, SettingsInvalid.
    """
    data = data_folder() if run_json is None else run_json.parent.resolve()
    return settings_of(_run(data, run_json), data)


def settings_of(run: run_files.RunJson | None, data: Path) -> Settings:
    """The same for a run that is known already. Raises SettingsMissing, SettingsInvalid."""
    urls = {} if run is None else run.urls
    runtime = _read(Runtime, data=data).model_copy(update={"data": data})  # its own folder, also beside another one's
    secrets = {} if runtime.environment in _PUBLIC else secret_file.read(runtime.data)
    return Settings(
        stores=_read(Stores, **{f"{name}_url": url for name, url in urls.items()}),
        ports=_read(Ports, **({} if run is None or "base" not in run.ports else {"base": run.ports["base"]})),
        stripe=_read(
            Stripe,
            api_key=secrets.get("stripe_api_key", ""),
            webhook_secret=secrets.get("stripe_webhook_secret", ""),
            base_url=urls.get("stripe"),
        ),
        mail=_read(Mail, **({"url": urls["mail"]} if "mail" in urls else {})),
        secrets=_read(
            Secrets, **{name: secrets[name] for name in ("kek", "signing_key", "head_key") if name in secrets}
        ),
        runtime=runtime,
        limits=_read(Limits, **(IN_PUBLIC if runtime.environment in _PUBLIC else {})),
    )


def read_alone(group: type[G], **otherwise: Any) -> G:
    """One group from the environment, where it is silent from `otherwise`: before there is a run.

    Raises SettingsMissing, SettingsInvalid.
    """
    return _read(group, **otherwise)


def data_folder() -> Path:
    """TELOCOMPRO_DATA, else `.telocompro` in the project (in the working folder where it is installed elsewhere)."""
    given = os.environ.get("TELOCOMPRO_DATA")
    if given:
        return Path(given).resolve()
    root = _ROOT if (_ROOT / "pyproject.toml").exists() else Path.cwd()
    return root / ".telocompro"


def store_urls() -> Mapping[str, str]:
    """The stores that the environment names: postgres, keys, redis, mongo."""
    names = {
        "postgres": ("TELOCOMPRO_POSTGRES_URL",),
        "keys": ("KEYS_DATABASE_URL", "TELOCOMPRO_KEYS_URL"),
        "redis": ("TELOCOMPRO_REDIS_URL",),
        "mongo": ("TELOCOMPRO_MONGO_URL",),
    }
    found = {
        name: next((value for v in variables if (value := os.environ.get(v))), "") for name, variables in names.items()
    }
    if bool(found["postgres"]) != bool(found["keys"]):
        raise SettingsMissing("KEYS_DATABASE_URL" if found["postgres"] else "TELOCOMPRO_POSTGRES_URL")
    return {name: url for name, url in found.items() if url}


def _run(data: Path, file: Path | None) -> run_files.RunJson | None:
    if file is not None:
        return run_files.read(file)
    return run_files.read(data / run_files.NAME) or run_files.read(data / run_files.STARTING)


def _present(secret: SecretStr, variable: str) -> str:
    value = secret.get_secret_value()
    if not value.strip():
        raise SettingsMissing(variable)
    return value


def _read(group: type[G], **values: Any) -> G:
    """A group; what is wrong with it is told by the variable's name, without its value."""
    try:
        return group(**values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0])
        prefix = str(group.model_config.get("env_prefix", ""))
        variable = "KEYS_DATABASE_URL" if "keys" in name else f"{prefix}{name.upper()}"
        if first["type"] in ("missing", "string_too_short"):
            raise SettingsMissing(variable) from None
        raise SettingsInvalid(f"{variable}: {first['msg']}") from None
