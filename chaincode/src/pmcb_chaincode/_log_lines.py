# SPDX-License-Identifier: Apache-2.0
"""The process's log: JSON lines, in which only what we named ourselves appears."""

import json
import logging


class LogLines(logging.Formatter):
    """Our own records with their time; of others' the place only, since they may carry anything.

    gRPC and asyncio log exceptions with their messages, and those may hold arguments or values.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One JSON object a line."""
        at_ms = int(record.created * 1000)
        if record.name == "pmcb_chaincode":
            return f'{{"time":{at_ms},{record.getMessage()[1:]}'
        fault = record.exc_info[0] if record.exc_info else None
        return json.dumps(
            {
                "time": at_ms,
                "event": "other",
                "logger": record.name,
                "level": record.levelname,
                "class": fault.__name__ if fault else "",
                "at": f"{record.module}:{record.lineno}",
            },
            separators=(",", ":"),
        )
