"""What did the clients see? Filled in next."""


class Histories:
    def passed(self, position: int, folded: object, findings: object) -> None: ...

    def judge(self, log: object, findings: object) -> None: ...
