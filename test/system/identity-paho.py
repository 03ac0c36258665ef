"""A Paho client over TLS: identity-paho.py PORT CAFILE WAY [CERTIFICATE KEY | TOKEN].

WAY is certificate, password (the token as password) or method (the token as authentication data of MQTT 5).
Sends itself a message and prints it, or prints why it was refused.
"""

import queue
import sys

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

PORT, CAFILE, WAY, *REST = sys.argv[1:]
told = queue.Queue()
protocol = mqtt.MQTTv311 if WAY == "password" else mqtt.MQTTv5
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, f"paho-{WAY}", protocol=protocol)
client.on_connect = lambda client, data, flags, code, properties: told.put(str(code))
client.on_subscribe = lambda client, data, number, codes, properties: told.put("subscribed")
client.on_message = lambda client, data, message: told.put(message.payload.decode())
properties = None
if WAY == "certificate":
    client.tls_set(CAFILE, *REST)
else:
    client.tls_set(CAFILE)
if WAY == "password":
    client.username_pw_set("oauth2", REST[0])
if WAY == "method":
    properties = Properties(PacketTypes.CONNECT)
    properties.AuthenticationMethod = "OAUTH2-JWT"
    properties.AuthenticationData = REST[0].encode()
client.connect("localhost", int(PORT), properties=properties)
client.loop_start()
code = told.get(timeout=60)
if code != "Success":
    print(code, flush=True)
    sys.exit(1)
client.subscribe(f"paho/{WAY}", 1)
assert told.get(timeout=60) == "subscribed"
client.publish(f"paho/{WAY}", f"by {WAY}", 1)
print(told.get(timeout=60), flush=True)
client.disconnect()
client.loop_stop()
