# SPDX-License-Identifier: Apache-2.0
"""Where services are, as network.json tells it; the first two are tested with that file."""

from dataclasses import replace

import pytest
from tests.client.http_identity.people import Ca, network

from pmcb_client.errors import NetworkFileError
from pmcb_client.network_file import (
    IntakeService,
    RetrievalCloud,
    RetrievalGateway,
    load,
    renew,
    save,
    update,
)


def test_the_cloud_comes_back(tmp_path):
    """A network that is described anew keeps it; what cannot be trusted is refused."""
    path, known = tmp_path / "network.json", network(Ca("HospitalAMSP"))
    cloud = RetrievalCloud("http://127.0.0.1:9000", "HospitalAMSP/cloud", "")
    save(path, known)
    assert load(path).cloud is None
    update(path, lambda found: replace(found, cloud=cloud))
    renew(path, known)
    assert load(path).cloud == cloud
    path.write_text(path.read_text().replace("HospitalAMSP/cloud", "cloud"))
    with pytest.raises(NetworkFileError, match=r"cloud\.uid"):
        load(path)


def test_query_gateways_come_back(tmp_path):
    """One of each organisation, the newest; a network that is described anew keeps them."""
    path, known = tmp_path / "network.json", network(Ca("HospitalAMSP"))
    first, moved = (
        RetrievalGateway(f"http://127.0.0.1:{port}", "HospitalAMSP/ward", "") for port in (1, 2)
    )
    other = RetrievalGateway("http://127.0.0.1:3", "HospitalBMSP/ward", "")
    save(path, known.with_service(first).with_service(other).with_service(moved))
    renew(path, known)
    assert load(path).retrieval == (other, moved)
    path.write_text(path.read_text().replace("HospitalBMSP/ward", "HospitalAMSP/ward"))
    with pytest.raises(NetworkFileError, match="'retrieval' names an organisation twice"):
        load(path)


def test_intakes_come_back(tmp_path):
    """The same of the intakes."""
    path, known = tmp_path / "network.json", network(Ca("HospitalAMSP"))
    first, moved = (IntakeService(f"http://127.0.0.1:{n}", "HospitalAMSP/ward", "") for n in (1, 2))
    save(path, known.with_service(first).with_service(moved))
    renew(path, known)
    assert load(path).intake == (moved,)
