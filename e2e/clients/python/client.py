"""An application with the official Python server SDK: prints JSON lines, `ready` with a flag's value, then `change` for each change of it.

Usage: client.py RELAY_URL SDK_KEY FLAG_KEY. Ends on SIGTERM, or when its stdin closes.
"""

import json
import sys

import ldclient
from ldclient import Context
from ldclient.config import Config

relay_url, sdk_key, flag_key = sys.argv[1:4]
context = Context.builder("alice").set("email", "alice@example.com").build()


def report(**line):
    print(json.dumps(line), flush=True)


client = ldclient.LDClient(
    Config(sdk_key, base_uri=relay_url, stream_uri=relay_url, events_uri=relay_url, send_events=False, diagnostic_opt_out=True, initial_reconnect_delay=0.2),
    start_wait=30,
)
if not client.is_initialized():
    report(event="failed", message="not initialised within 30 s")
    sys.exit(1)

client.flag_tracker.add_flag_value_change_listener(flag_key, context, lambda change: report(event="change", key=flag_key, value=change.new_value))
report(event="ready", value=client.variation(flag_key, context, None))
sys.stdin.read()
client.close()
