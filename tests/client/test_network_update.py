# SPDX-License-Identifier: Apache-2.0
"""Several services write their addresses into one network.json."""

from concurrent.futures import ThreadPoolExecutor

from tests.client.http_identity.people import Ca, network

from pmcb_client.network_file import PublishingService, load, save, update


def test_services_that_enter_their_address_at_once_all_stand_there(tmp_path):
    """Each reads, changes and writes alone: nobody's address is written over."""
    path = tmp_path / "network.json"
    save(path, network(Ca("HospitalAMSP")))
    services = [PublishingService("http://localhost", f"{n}MSP/records", "") for n in range(8)]

    def enter(service):
        update(path, lambda known: known.with_service(service))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(enter, services * 5))
    assert {service.msp for service in load(path).publishing} == {f"{n}MSP" for n in range(8)}
