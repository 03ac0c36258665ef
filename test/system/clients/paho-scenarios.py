"""Drives the broker with the Paho client: paho-scenarios.py SCENARIO PORT TRANSPORT PROTOCOL. Ends with 0 when all is as it should be."""

import os
import queue
import sys
import uuid

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

SCENARIO, PORT, TRANSPORT, PROTOCOL = sys.argv[1:5]
VERSION = {"3.1": mqtt.MQTTv31, "3.1.1": mqtt.MQTTv311, "5": mqtt.MQTTv5}[PROTOCOL]
PATIENCE = 60


class Client:
    """A connected client whose messages, acknowledgements and ends wait in queues."""

    def __init__(self, name=None, keep=False, will=None):
        self.messages, self.events = queue.Queue(), queue.Queue()
        self.name = name or f"paho-{uuid.uuid4().hex[:12]}"
        choice = {} if VERSION == mqtt.MQTTv5 else {"clean_session": not keep}
        self.paho = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, self.name, protocol=VERSION, transport=TRANSPORT, **choice
        )
        if TRANSPORT == "websockets":
            self.paho.ws_set_options(path="/mqtt")
        self.paho.on_message = lambda client, data, message: self.messages.put(message)
        self.paho.on_subscribe = lambda client, data, mid, codes, properties: self.events.put(codes)
        self.paho.on_connect = lambda client, data, flags, code, properties: self.events.put((flags, code))
        if will is not None:
            self.paho.will_set(*will)
        if VERSION == mqtt.MQTTv5:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = 60 if keep else 0
            self.paho.connect("127.0.0.1", int(PORT), clean_start=not keep, properties=properties)
        else:
            self.paho.connect("127.0.0.1", int(PORT))
        self.paho.loop_start()
        flags, code = self.events.get(timeout=PATIENCE)
        assert not code.is_failure, code
        self.session_present = flags.session_present

    def subscribe(self, topic, qos=2, **choices):
        options = {"options": SubscribeOptions(qos=qos, **choices)} if VERSION == mqtt.MQTTv5 else {"qos": qos}
        self.paho.subscribe(topic, **options)
        codes = self.events.get(timeout=PATIENCE)
        assert not codes[0].is_failure, codes
        return self

    def publish(self, topic, payload, **choices):
        self.paho.publish(topic, payload, **choices).wait_for_publish(PATIENCE)

    def next(self):
        return self.messages.get(timeout=PATIENCE)

    def leave(self):
        self.paho.disconnect()
        self.paho.loop_stop()

    def die(self):
        self.paho.socket().close()
        self.paho.loop_stop()


def fresh():
    return f"paho/{uuid.uuid4().hex}"


def same(got, wanted):
    assert got == wanted, f"{got!r} is not {wanted!r}"


def payloads():
    topic, reader, writer = fresh(), Client(), Client()
    reader.subscribe(topic)
    for qos in (0, 1, 2):
        for payload in (b"hello", b"", os.urandom(1_048_576)):
            writer.publish(topic, payload, qos=qos)
            message = reader.next()
            same((message.topic, message.qos, message.retain), (topic, qos, False))
            assert message.payload == payload, f"{len(message.payload)} other bytes at QoS {qos}"
    return reader, writer


def retained():
    topic, sentinel, writer, early, late = fresh(), fresh(), Client(), Client(), Client()
    writer.publish(topic, "kept", qos=1, retain=True)
    writer.publish(sentinel, "sentinel", qos=1, retain=True)
    message = early.subscribe(topic).next()
    same((message.payload, message.retain), (b"kept", True))
    writer.publish(topic, "", qos=1, retain=True)
    late.subscribe(topic).subscribe(sentinel)
    same(late.next().payload, b"sentinel")
    return writer, early, late


def will():
    topic, reader = fresh(), Client()
    reader.subscribe(topic)
    Client(will=(topic, "polite", 1)).leave()
    Client(will=(topic, "died", 1)).die()
    same(reader.next().payload, b"died")
    return (reader,)


def session():
    topic, name, writer = fresh(), f"paho-{uuid.uuid4().hex[:12]}", Client()
    Client(name, keep=True).subscribe(topic).leave()
    for qos in (1, 2):
        writer.publish(topic, f"waited {qos}", qos=qos)
    back = Client(name, keep=True)
    same(back.session_present, PROTOCOL != "3.1")
    same([back.next().payload, back.next().payload], [b"waited 1", b"waited 2"])
    return writer, back


def shared():
    topic, writer = fresh(), Client()
    members = [Client().subscribe(f"$share/pair/{topic}", 1) for _ in range(2)]
    for index in range(20):
        writer.publish(topic, str(index), qos=1)
    got = [int(member.next().payload) for member in members for _ in range(10)]
    same(sorted(got), list(range(20)))
    return writer, *members


def properties():
    topic, reader, writer = fresh(), Client(), Client()
    reader.subscribe(topic, retainAsPublished=True)
    sent = Properties(PacketTypes.PUBLISH)
    sent.PayloadFormatIndicator = 1
    sent.MessageExpiryInterval = 300
    sent.ContentType = "text/plain"
    sent.ResponseTopic = "answers"
    sent.CorrelationData = b"\x00\x01"
    sent.UserProperty = [("b", "2"), ("a", "1"), ("b", "2")]
    writer.publish(topic, "x", qos=2, retain=True, properties=sent)
    message = reader.next()
    same(message.properties.json(), sent.json())
    same(message.retain, True)
    return reader, writer


def order():
    topic, reader, writer = fresh(), Client(), Client()
    reader.subscribe(topic)
    for index in range(1_000):
        info = writer.paho.publish(topic, str(index), qos=2)
    info.wait_for_publish(PATIENCE)
    same([int(reader.next().payload) for _ in range(1_000)], list(range(1_000)))
    return reader, writer


for client in globals()[SCENARIO]():
    client.leave()
