# SPDX-License-Identifier: Apache-2.0
"""Commands run as the command line runs them, and graphs written as users have them."""

from dataclasses import dataclass

from click.testing import CliRunner


@dataclass(frozen=True)
class Settings:
    json: bool = False


def run(command, *arguments, as_json=False):
    """The command's result; its exception stays in it."""
    return CliRunner().invoke(command, [str(each) for each in arguments], obj=Settings(as_json))


def write_ties(graph, path):
    """The graph as an edge list, blanks between."""
    rows = [
        f"{graph.users[node]} {graph.users[other]}\n"
        for node in range(graph.n_users)
        for other in graph.indices[graph.indptr[node] : graph.indptr[node + 1]]
        if node < other
    ]
    path.write_text("".join(rows))
    return path
