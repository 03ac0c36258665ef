import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseProxyHeader } from '../../../src/listen/proxy-header.ts'
import { fc } from '../../kit/fast-check.ts'

const parse = (text: string) => parseProxyHeader(Buffer.from(text, 'latin1'), 'any')
const signature = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a])

/** A version 2 header with any parts. */
function binary(command: number, family: number, body: Buffer): Buffer {
  const fixed = Buffer.from([command, family, body.length >> 8, body.length & 0xff])
  return Buffer.concat([signature, fixed, body])
}

function tlv(type: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 0xff]), value])
}

const ipv4Body = Buffer.from([192, 0, 2, 7, 198, 51, 100, 1, 0xc8, 0x22, 0x07, 0x5b])

test('version 1 names an IPv4 client', () => {
  const line = 'PROXY TCP4 192.0.2.7 198.51.100.1 51234 1883\r\n'
  assert.deepEqual(parse(`${line}rest`), {
    kind: 'header',
    length: line.length,
    client: { address: '192.0.2.7', port: 51234, loopback: false },
  })
})

test('version 1 names an IPv6 client in the one canonical form', () => {
  const header = parse('PROXY TCP6 2001:0DB8:0:0::1 ::1 1 2\r\n')
  assert.deepEqual(header.kind === 'header' && header.client, { address: '2001:db8::1', port: 1, loopback: false })
})

test('version 1 may leave the client unknown, whatever follows', () => {
  const line = 'PROXY UNKNOWN ffff::1 anything 1 2\r\n'
  assert.deepEqual(parse(line), { kind: 'header', length: line.length, client: 'unknown' })
  assert.equal(parse('PROXY UNKNOWN\r\n').kind, 'header')
})

for (const line of [
  'GET / HTTP/1.1\r\n',
  'PROXY\r\n',
  'PROXY TCP4\r\n',
  'PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n',
  'PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n',
  'PROXY TCP4 ::1 ::1 1 2\r\n',
  'PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n',
  'PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n',
  'PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n',
  'PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n',
  'PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n',
  'PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n',
  'PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n',
  'PROXY tcp4 1.2.3.4 1.2.3.4 1 2\r\n',
  `PROXY UNKNOWN ${'x'.repeat(100)}\r\n`,
]) {
  test(`version 1 does not accept ${JSON.stringify(line.slice(0, 60))}`, () => {
    assert.equal(parse(line).kind, 'malformed')
  })
}

test('version 2 names IPv4 and IPv6 clients and steps over well-formed TLVs', () => {
  const extra = Buffer.concat([tlv(0x02, Buffer.from('broker.example.org')), tlv(0x04, Buffer.alloc(0))])
  const four = binary(0x21, 0x11, Buffer.concat([ipv4Body, extra]))
  assert.deepEqual(parseProxyHeader(Buffer.concat([four, Buffer.from('rest')]), 'v2'), {
    kind: 'header',
    length: four.length,
    client: { address: '192.0.2.7', port: 51234, loopback: false },
  })
  const body = Buffer.alloc(36)
  body[15] = 1
  body.writeUInt16BE(1883, 32)
  const six = parseProxyHeader(binary(0x21, 0x21, body), 'v2')
  assert.deepEqual(six.kind === 'header' && six.client, { address: '::1', port: 1883, loopback: true })
})

test('version 2 shows an IPv4 address inside an IPv6 one as IPv4', () => {
  const body = Buffer.alloc(36)
  Buffer.from([0xff, 0xff, 192, 0, 2, 7]).copy(body, 10)
  const header = parseProxyHeader(binary(0x21, 0x21, body), 'v2')
  assert.deepEqual(header.kind === 'header' && header.client, { address: '192.0.2.7', port: 0, loopback: false })
})

test('version 2: LOCAL is the proxy itself; unix and unspecified clients are unknown', () => {
  const clientOf = (bytes: Buffer) => {
    const header = parseProxyHeader(bytes, 'v2')
    return header.kind === 'header' ? header.client : header.kind
  }
  assert.equal(clientOf(binary(0x20, 0x00, Buffer.alloc(0))), 'proxy')
  assert.equal(clientOf(binary(0x20, 0x11, ipv4Body)), 'proxy')
  assert.equal(clientOf(binary(0x21, 0x31, Buffer.alloc(216))), 'unknown')
  assert.equal(clientOf(binary(0x21, 0x00, Buffer.alloc(0))), 'unknown')
})

for (const [what, bytes] of [
  ['another version', binary(0x31, 0x11, ipv4Body)],
  ['an unknown command', binary(0x22, 0x11, ipv4Body)],
  ['an unknown family', binary(0x21, 0x41, ipv4Body)],
  ['addresses cut short', binary(0x21, 0x11, ipv4Body.subarray(1))],
  ['a TLV longer than the header', binary(0x21, 0x11, Buffer.concat([ipv4Body, Buffer.from([1, 0, 9, 0])]))],
  ['a TLV without its length', binary(0x21, 0x11, Buffer.concat([ipv4Body, Buffer.from([1])]))],
  ['more than the bound', binary(0x21, 0x11, Buffer.alloc(5_000))],
  ['a broken signature', Buffer.from('\r\n\r\n\0\r\nQUIX')],
] as const) {
  test(`version 2 does not accept ${what}`, () => {
    assert.equal(parseProxyHeader(bytes, 'any').kind, 'malformed')
  })
}

test('each version is refused where the other is required', () => {
  const line = Buffer.from('PROXY UNKNOWN\r\n')
  assert.equal(parseProxyHeader(line, 'v2').kind, 'malformed')
  assert.equal(parseProxyHeader(line, 'v1').kind, 'header')
  assert.equal(parseProxyHeader(binary(0x20, 0, Buffer.alloc(0)), 'v1').kind, 'malformed')
})

const octet = fc.integer({ min: 0, max: 255 })
const headers = fc.oneof(
  fc
    .tuple(fc.ipV4(), fc.ipV4(), fc.nat(65_535), fc.nat(65_535))
    .map(([a, b, p, q]) => Buffer.from(`PROXY TCP4 ${a} ${b} ${p} ${q}\r\n`)),
  fc
    .tuple(fc.ipV6(), fc.ipV6(), fc.nat(65_535), fc.nat(65_535))
    .map(([a, b, p, q]) => Buffer.from(`PROXY TCP6 ${a} ${b} ${p} ${q}\r\n`)),
  fc
    .tuple(
      fc.constantFrom(0x20, 0x21),
      fc.constantFrom([0x11, 12], [0x12, 12], [0x21, 36], [0x22, 36], [0x31, 216], [0x00, 0]),
      fc.infiniteStream(octet),
      fc.array(fc.tuple(octet, fc.uint8Array({ maxLength: 40 })), { maxLength: 5 }),
    )
    .map(([command, [family = 0, size = 0], bytes, tlvs]) => {
      const addresses = Buffer.from([...bytes.take(size)])
      const extra = tlvs.map(([type, value]) => tlv(type, Buffer.from(value)))
      return binary(command, family, Buffer.concat([addresses, ...extra]))
    }),
)

test('a valid header is read whole from any prefix that has it, and no shorter prefix is enough or an error', () => {
  fc.assert(
    fc.property(headers, fc.uint8Array({ maxLength: 50 }), (header, rest) => {
      for (let cut = 0; cut < header.length; cut++) {
        assert.equal(parseProxyHeader(header.subarray(0, cut), 'any').kind, 'more')
      }
      const parsed = parseProxyHeader(Buffer.concat([header, rest]), 'any')
      assert.equal(parsed.kind === 'header' && parsed.length, header.length)
    }),
    { numRuns: 150 },
  )
})

test('a damaged header never throws, never claims more bytes than it has, and is settled within the bound', () => {
  fc.assert(
    fc.property(
      headers,
      fc.array(fc.tuple(fc.nat(), octet), { maxLength: 4 }),
      fc.nat(5_000),
      (header, damage, tail) => {
        const bytes = Buffer.concat([header, Buffer.alloc(tail, 0x41)])
        for (const [at, value] of damage) bytes[at % bytes.length] = value
        const parsed = parseProxyHeader(bytes, 'any')
        if (parsed.kind === 'header') assert.ok(parsed.length <= bytes.length)
        if (parsed.kind === 'more') assert.ok(bytes.length < 4_096)
      },
    ),
    { numRuns: 500 },
  )
})
