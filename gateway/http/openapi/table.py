"""All descriptions. A new route is described in a module beside this one, whose table is added here."""

from typing import Final

from gateway.http.openapi import alerts, fleet, hosts, pages, people, reading, rules, service
from gateway.http.openapi.words import Operations

OPERATIONS: Final[Operations] = {
    **reading.OPERATIONS,
    **service.OPERATIONS,
    **fleet.OPERATIONS,
    **hosts.OPERATIONS,
    **people.OPERATIONS,
    **alerts.OPERATIONS,
    **pages.OPERATIONS,
    **rules.OPERATIONS,
}
