"""Connects with a token: tokens-paho.py PORT TOKEN WAY, where WAY is password or method. Prints what the broker answers."""

import queue
import sys

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

PORT, TOKEN, WAY = sys.argv[1:4]
codes = queue.Queue()
protocol = mqtt.MQTTv5 if WAY == "method" else mqtt.MQTTv311
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "paho-token", protocol=protocol)
client.on_connect = lambda client, data, flags, code, properties: codes.put(code)
if WAY == "method":
    properties = Properties(PacketTypes.CONNECT)
    properties.AuthenticationMethod = "OAUTH2-JWT"
    properties.AuthenticationData = TOKEN.encode()
    client.connect("127.0.0.1", int(PORT), properties=properties)
else:
    client.username_pw_set("oauth2", TOKEN)
    client.connect("127.0.0.1", int(PORT))
client.loop_start()
print(codes.get(timeout=60), flush=True)
client.disconnect()
client.loop_stop()
