# SPDX-License-Identifier: Apache-2.0
"""Which methods of a contract can be called, by whom, and with what parameters."""

import inspect
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, TypeVar

from pmcb_chaincode._codes import Code

from ._caller import Caller
from ._canonical import JsonObject, canonical_dumps
from ._context import Context
from ._parameters import Rule, rule_of
from .errors import ContractError, Refusal

Result: TypeAlias = JsonObject | None
Method = TypeVar("Method", bound=Callable[..., Awaitable[Result]])

METADATA_CALL = "org.hyperledger.fabric:GetMetadata"


@dataclass(frozen=True)
class Marking:
    """What a decorator notes on a method; no roles means that any identity may call."""

    writes: bool
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Function:
    """A callable contract function."""

    name: str
    marking: Marking
    rules: Mapping[str, Rule]

    def arguments(self, texts: Sequence[bytes]) -> dict[str, object]:
        """The parsed arguments.

        Raises:
            Refusal: ``BAD_ARGUMENT`` naming the parameter, never its value.
        """
        if len(texts) != len(self.rules):
            raise Refusal(
                Code.BAD_ARGUMENT,
                f"{self.name} takes {len(self.rules)} arguments, {len(texts)} were given.",
            )
        parsed = {}
        for (name, rule), text in zip(self.rules.items(), texts, strict=True):
            try:
                parsed[name] = rule.parse(text.decode())
            except UnicodeDecodeError:
                raise Refusal(Code.BAD_ARGUMENT, f"{name} must be valid UTF-8.") from None
            except ValueError as error:
                raise Refusal(Code.BAD_ARGUMENT, f"{name} {error}.") from None
        return parsed


def transaction(roles: Sequence[str] = ()) -> Callable[[Method], Method]:
    """Mark a method that may write, for callers with one of these roles."""
    return _marker(Marking(writes=True, roles=tuple(roles)))


def query(roles: Sequence[str] = ()) -> Callable[[Method], Method]:
    """Mark a method that only reads; only such a method may page."""
    return _marker(Marking(writes=False, roles=tuple(roles)))


def _marker(marking: Marking) -> Callable[[Method], Method]:
    def mark(method: Method) -> Method:
        method.pmcb_marking = marking  # type: ignore[attr-defined]
        return method

    return mark


class Contract:
    """Base of a contract: marked methods become functions that clients can call.

    ::

        class Notes(Contract):
            name = "notes"

            @transaction(roles=("releaser",))
            async def put_note(self, ctx: Context, note_id: Id) -> JsonObject: ...

    Nothing else of the class can be called, and every parameter carries a rule.
    """

    name: ClassVar[str]
    functions: ClassVar[Mapping[str, Function]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Collect the marked methods, inherited ones too."""
        super().__init_subclass__(**kwargs)
        cls.functions = {
            name: _function(name, method)
            for name, method in inspect.getmembers(cls, inspect.isfunction)
            if hasattr(method, "pmcb_marking")
        }

    def authorise(self, caller: Caller, roles: tuple[str, ...]) -> None:
        """Refuse a caller without one of the roles; a contract may ask for more."""
        if roles and caller.role not in roles:
            raise Refusal(Code.ROLE_REQUIRED, f"This call needs the role {' or '.join(roles)}.")

    def find(self, name: str) -> Function | None:
        """The function called ``fn`` or ``contract:fn``; None for the metadata call.

        Raises:
            Refusal: ``UNKNOWN_FUNCTION``.
        """
        if name == METADATA_CALL:
            return None
        function = self.functions.get(name.removeprefix(f"{self.name}:"))
        if function is None:
            raise Refusal(Code.UNKNOWN_FUNCTION, "The contract has no such function.")
        return function

    async def call(self, function: Function, ctx: Context, texts: Sequence[bytes]) -> bytes:
        """Parse, authorise, run; the result as canonical JSON, empty for None."""
        arguments = function.arguments(texts)
        self.authorise(ctx.caller, function.marking.roles)
        result = await getattr(self, function.name)(ctx, **arguments)
        return b"" if result is None else canonical_dumps(result)

    def metadata(self) -> bytes:
        """What Fabric's metadata call answers: the functions and the schemas of their parameters.

        The document is that of Fabric's contract APIs for Node, Java and Go.
        """
        functions: list[JsonObject] = [
            {
                "name": function.name,
                "parameters": [
                    {"name": name, "schema": rule.schema()} for name, rule in function.rules.items()
                ],
                "tag": ["SUBMIT" if function.marking.writes else "EVALUATE"],
            }
            for function in self.functions.values()
        ]
        system, _, call = METADATA_CALL.partition(":")
        own: list[JsonObject] = [{"name": call, "parameters": [], "tag": ["EVALUATE"]}]
        listed = {self.name: functions, system: own}
        contracts = {
            name: {"name": name, "info": _info(name), "transactions": transactions}
            for name, transactions in listed.items()
        }
        made = {"contracts": contracts, "info": _info(self.name), "components": {"schemas": {}}}
        # Not canonical: it is no value of the ledger, and schemas of records nest deeper.
        return json.dumps(made, sort_keys=True).encode()


def _info(title: str) -> JsonObject:
    """Who a document is about; a package's version is in its label, no contract knows it."""
    return {"title": title, "version": ""}


def _function(name: str, method: Callable[..., object]) -> Function:
    marking: Marking = method.pmcb_marking  # type: ignore[attr-defined]
    if not inspect.iscoroutinefunction(method):
        raise ContractError(f"{name} must be an async method")
    hints = inspect.get_annotations(method, eval_str=True)
    parameters = list(inspect.signature(method).parameters.values())[2:]
    for parameter in parameters:
        if parameter.kind is not parameter.POSITIONAL_OR_KEYWORD:
            raise ContractError(f"{name}: {parameter.name} must be an ordinary parameter")
        if parameter.default is not parameter.empty:
            raise ContractError(f"{name}: nothing has a default on the wire")
    try:
        rules = {p.name: rule_of(p.name, hints.get(p.name)) for p in parameters}
    except TypeError as error:
        raise ContractError(f"{name}: {error}") from None
    return Function(name, marking, rules)
