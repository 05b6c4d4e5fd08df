# SPDX-License-Identifier: Apache-2.0
"""The client's page: its Python lines run, and the tests that it names are there."""

import ast
import asyncio
import inspect
import json
import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

import pmcb_client.gateway
from pmcb_client.enrolment import CaClient
from pmcb_client.gateway import Identity, P256Signer, connect, open_channel
from pmcb_client.network_file import parse
from pmcb_client.wallet import Wallet
from pmcb_network.embedded import EmbeddedNetwork

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "client.md").read_text()
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
SHOWN = re.compile(r"`((?:scenarios/)?test_\w+)`(:(?:[ ,]*`[\w.]+`)+)?")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def names(tmp_path: Path) -> AsyncIterator[dict[str, Any]]:
    """What the page's lines take for granted, on a network of their own."""
    msp = "HospitalAMSP"
    async with EmbeddedNetwork(tmp_path / "network") as network:
        org = parse(network.network_file).org(msp)
        (tmp_path / "network.json").write_text(json.dumps(network.network_file))
        async with CaClient(org.ca_url, org.tls_ca, org.ca_name) as ca:
            registrar = await ca.enroll(*network.registrars[msp])
            wallet = Wallet(tmp_path / "wallet")
            wallet.put("registrar", Identity(msp, registrar.certificate_pem), registrar.private_key)
            attributes = {"pmcb.role": "receiver"}
            secret = await ca.register(wallet.get("registrar"), "receiver1", attributes)
            enrolled = await ca.enroll("receiver1", secret)
        identity = Identity(msp, enrolled.certificate_pem)
        wallet.put("receiver1", identity, enrolled.private_key)
        signer = P256Signer(enrolled.private_key)
        channel = open_channel(org.gateway, org.tls_ca)
        async with connect(channel, identity, signer) as gateway:
            view = gateway.network("pmcb")
            await view.contract("pmcb").submit("announce_key")
            yield {
                **{
                    name: getattr(pmcb_client.gateway, name) for name in pmcb_client.gateway.__all__
                },
                "Wallet": Wallet,
                "aclosing": aclosing,
                "asyncio": asyncio,
                "certificate_pem": enrolled.certificate_pem,
                "channel": channel,
                "contract": view.contract("pmcb"),
                "handle": lambda _: False,  # enough
                "home": tmp_path,
                "identity": identity,
                "network": view,
                "private_key": enrolled.private_key,
                "receiver": wallet.get("receiver1"),
                "root_ca": org.tls_ca,
                "sign": signer,
                "target": org.gateway,
                "task": "0" * 32,
            }
        await channel.close(grace=None)


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda text: text.partition("\n")[0])
async def test_the_python_lines_run(names: dict[str, Any], snippet: str):
    """Each block by itself, against a network."""
    code = compile(snippet, "docs/client.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    assert isinstance(code, CodeType)
    assert code.co_flags & inspect.CO_COROUTINE
    async with asyncio.timeout(30):
        await eval(code, names)


def test_each_task_is_shown_in_three_languages():
    """Go, Node and Python, in this order; further Python lines may follow."""
    fences = re.findall(r"```(go|javascript|python)\n", PAGE)
    shown = [fences[n : n + 3] for n, language in enumerate(fences) if language == "go"]
    assert len(shown) == 7
    assert all(each == ["go", "javascript", "python"] for each in shown)


def test_every_test_that_the_page_names_is_there():
    """In the file that it names; dots stand for words left out."""
    missing, checked = [], 0
    for file, rest in SHOWN.findall(PAGE):
        folder = ROOT / "tests" if file.startswith("scenarios/") else ROOT / "tests/client/gateway"
        tests = re.findall(r"def test_(\w+)", (folder / f"{file}.py").read_text())
        for name in re.findall(r"`([\w.]+)`", rest):
            pattern = re.escape(name).replace(r"\.\.\.", r"\w+")
            checked += 1
            if not any(re.fullmatch(pattern, test) for test in tests):
                missing.append((file, name))
    assert not missing
    assert checked > 25
