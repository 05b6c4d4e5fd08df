# SPDX-License-Identifier: Apache-2.0
"""The analyst's side: which service is asked, and what its answers become."""

import io
import zipfile
from dataclasses import replace

import httpx
import pytest
from tests.client.http_identity.people import Ca, network
from tests.services.publishing.releases import released

from pmcb_client.errors import NetworkFileError
from pmcb_client.network_file import PublishingService
from pmcb_services.publishing import (
    PublishingClient,
    ReleaseTampered,
    ServiceRefused,
    ServiceUnavailable,
)
from pmcb_services.publishing._release import zipped

pytestmark = pytest.mark.anyio

A, B = Ca("HospitalAMSP"), Ca("HospitalBMSP")
ANN = A.person("ann", "analyst")
AT = [PublishingService(f"http://localhost:{n}", f"{ca.msp}/p", "") for n, ca in enumerate((A, B))]
BOTH = replace(network(A, B), publishing=tuple(AT))
ID = "ab" * 32


def client(answer, *, institution="HospitalBMSP"):
    """Somebody's, to a service that answers so."""
    transport = httpx.MockTransport(answer)
    return PublishingClient(BOTH, ANN, institution=institution, transport=transport)


def refusing(status, document=None):
    """A service that refuses everything."""

    def answer(_):
        return httpx.Response(status, json=document) if document else httpx.Response(status)

    return answer


def test_a_service_is_chosen_by_its_institution():
    """One is enough; of several one is named; none says who starts one."""
    one = replace(BOTH, publishing=(AT[0],))
    assert str(PublishingClient(one, ANN)._http.base_url) == "http://localhost:0/v1/"
    with pytest.raises(NetworkFileError, match="HospitalAMSP, HospitalBMSP"):
        PublishingClient(BOTH, ANN)
    with pytest.raises(NetworkFileError, match="HospitalAMSP"):
        PublishingClient(one, ANN, institution="HospitalBMSP")
    with pytest.raises(NetworkFileError, match="no publishing service"):
        PublishingClient(network(A, B), ANN)


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, 2), (403, 1), (404, 2), (409, 1), (410, 1), (413, 2), (500, 3), (503, 3)],
)
async def test_a_refusal_keeps_its_code(status, code):
    """And ends a command as its kind does."""
    document = {"error": "SOME_CODE", "message": "No.", "field": "k"}
    async with client(refusing(status, document)) as service:
        with pytest.raises(ServiceRefused, match="No") as caught:
            await service.dataset("x")
    assert (caught.value.code, caught.value.field) == ("SOME_CODE", "k")
    assert caught.value.exit_code == code


async def test_what_is_no_answer_is_none():
    """Silence, and pages of something else."""

    def silent(_):
        raise httpx.ConnectError("nobody")

    async with client(silent) as service:
        with pytest.raises(ServiceUnavailable, match="does not answer"):
            await service.datasets()
    async with client(refusing(502)) as service:
        with pytest.raises(ServiceRefused, match="502"):
            await service.datasets()
    async with client(lambda _: httpx.Response(200, text="<html>")) as service:
        with pytest.raises(ServiceUnavailable, match="cannot be read"):
            await service.find(ID)


async def test_waiting_has_an_end():
    """With the reason; what was paid for stays."""
    async with client(lambda _: httpx.Response(200, json={"state": "running"})) as service:
        with pytest.raises(ServiceUnavailable, match="still being made"):
            await service.wait(ID, poll_s=0.0, within_s=0.0)


async def test_a_release_is_saved_after_every_byte_was_checked(tmp_path):
    """Other bytes than were published, or another release, leave nothing behind."""
    release = released("one")
    files = {**release.files, "coreset.csv": release.files["coreset.csv"] + b" "}
    other = zipped(released("grid").files)
    broken = io.BytesIO()
    zipfile.ZipFile(broken, "w").close()

    def serving(archive):
        def answer(request):
            if request.url.path.endswith(".zip"):
                return httpx.Response(200, content=archive)
            return httpx.Response(200, json={"release_hash": release.hash})

        return answer

    for archive in (zipped(files), other, broken.getvalue(), b"no zip"):
        async with client(serving(archive)) as service:
            with pytest.raises(ReleaseTampered):
                await service.fetch(ID, tmp_path / "kept")
    assert list(tmp_path.iterdir()) == []
    async with client(serving(zipped(release.files))) as service:
        assert (await service.fetch(ID, tmp_path / "kept")).hash == release.hash
    assert (tmp_path / "kept" / "index.html").exists()
