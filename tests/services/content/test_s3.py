# SPDX-License-Identifier: Apache-2.0
"""The store on a bucket of an S3-compatible server: the same as on a folder."""

import httpx
import obstore
import pytest
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from obstore.store import from_url
from tests.client.sealing.keys import point
from tests.services.content.stores import (
    ANN,
    RECORDS,
    TASK,
    A,
    answer,
    checked_application,
    client,
)

from pmcb_client.content import ContentMissing, ContentRefused, ContentUnavailable
from pmcb_client.sealing import Kind
from pmcb_services.content import Blobs

pytestmark = pytest.mark.anyio


@pytest.fixture
def bucket(monkeypatch):
    """An empty bucket's address; who may use it stands in the environment, as for any tool."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    server_url = f"http://{host}:{port}"
    for name, value in {
        "AWS_ENDPOINT_URL": server_url,
        "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up",
        "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
    }.items():
        monkeypatch.setenv(name, value)
    httpx.put(f"{server_url}/answers", timeout=60).raise_for_status()  # imports what S3 needs
    yield f"{server_url}/answers"
    httpx.post(f"{server_url}/moto-api/reset")  # what it holds outlives its thread
    server.stop()


@pytest.fixture
def store(bucket):
    """The bucket, as the command opens it."""
    assert bucket
    return from_url("s3://answers/pmcb")


@pytest.fixture
def app(store):
    """The content store on it."""
    return checked_application(Blobs(store), quota_bytes=20_000)


async def test_files_shares_and_quotas_live_in_a_bucket(app, store):
    """Put twice is put once; a share is listed; the quota counts; who it was sealed for deletes."""
    blob = answer(**{RECORDS.uid: point(RECORDS.private_key)})
    share = answer(kind=Kind.SHARE)
    async with client(app) as ann, client(app, RECORDS) as records:
        receipt = await ann.put(blob)
        assert (await ann.put(blob)).at == receipt.at
        await ann.put(share)
        assert await records.shares(TASK, 0) == [(3, ANN.uid, share.hash)]
        assert await records.get(blob.hash) == blob.data
        with pytest.raises(ContentRefused) as caught:
            await ann.put(answer(content=bytes(16_000)))
        assert caught.value.code == "QUOTA"
        async with client(app, A.person("bob")) as bob:
            await bob.put(answer(A.person("bob")))
        await records.delete(blob.hash)
        with pytest.raises(ContentMissing):
            await records.get(blob.hash)
    listed = obstore.list(store).collect()
    assert {one["path"].split("/")[0] for one in listed} == {
        "blobs",
        "forgotten",
        "shares",
        "quota",
    }


async def test_a_bucket_that_is_gone_is_unavailable(app, bucket):
    """No answer is lost by it: whoever sends tries again."""
    async with httpx.AsyncClient() as http:
        (await http.delete(bucket)).raise_for_status()
    async with client(app, ANN) as ann:
        with pytest.raises(ContentUnavailable):
            await ann.put(answer())
