"""The twin of the mailer: letters in a list, one per Message-ID however often it was sent."""

from dataclasses import dataclass, field

from infra.ports import Mail, OutcomeUnknown, ProviderRefused, ProviderUnavailable


@dataclass(slots=True)
class MemoryMailer:
    """`delivered` by key; `attempts` counts every hand-over. `fail` makes the next ones go wrong."""

    delivered: dict[str, Mail] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    _failures: list[tuple[bool, Exception]] = field(default_factory=list)

    def fail(self, error: OutcomeUnknown | ProviderUnavailable | ProviderRefused, *, delivered: bool = False) -> None:
        """The next call raises this; `delivered`: the letter arrives all the same."""
        self._failures.append((delivered, error))

    async def send(self, mail: Mail, key: str) -> None:
        if any(mark in mail.subject for mark in "\r\n"):
            raise ProviderRefused("mail.header_invalid")
        if mail.to.count("@") != 1 or any(mark in mail.to for mark in " \r\n<>,") or not mail.to.isascii():
            raise ProviderRefused("mail.address_invalid")
        if self._failures:
            delivered, error = self._failures.pop(0)
            if delivered:
                self._keep(mail, key)
            raise error
        self._keep(mail, key)

    def to(self, address: str) -> list[Mail]:
        return [mail for mail in self.delivered.values() if mail.to == address]

    def _keep(self, mail: Mail, key: str) -> None:
        self.attempts[key] = self.attempts.get(key, 0) + 1
        self.delivered.setdefault(key, mail)
