import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDevices } from '../../../src/authn/devices/devices-files.ts'
import { readDevice } from '../../../src/authn/devices/devices-read.ts'
import type { Device } from '../../../src/authn/devices/devices-record.ts'
import { folder } from './certificate-kit.ts'

const sha1 = 'ab'.repeat(20)
const sha256 = 'CD'.repeat(32)

const plain: Device = {
  name: 'vehicle01',
  authenticationName: 'vehicle01',
  enabled: true,
  scheme: 'subject',
  thumbprints: [],
  subject: null,
  attributes: {},
  description: '',
}

async function read(file: string): Promise<Device[]> {
  const devices: Device[] = []
  await readDevices(file, (device) => {
    devices.push(device)
    return null
  })
  return devices
}

test('the resources of three generations of Azure Event Grid are read as they are', () => {
  const scheme = (validationScheme: string) => ({ clientCertificateAuthentication: { validationScheme } })
  const cases: readonly (readonly [object, Partial<Device>])[] = [
    // 2022: the subject or the thumbprint.
    [
      {
        properties: { state: 'Enabled', clientCertificateAuthentication: { certificateSubject: { commonName: 'cn' } } },
      },
      { subject: { commonName: 'cn' } },
    ],
    [
      {
        state: 'Disabled',
        certificateSubject: { commonName: 'cn', organization: 'o', organizationUnit: 'ou', countryCode: 'SE' },
        attributes: {},
        description: 'a test',
      },
      {
        enabled: false,
        subject: { commonName: 'cn', organization: 'o', organizationUnit: 'ou', country: 'SE' },
        description: 'a test',
      },
    ],
    [
      { properties: { clientCertificateAuthentication: { certificateThumbprint: { primary: sha1, secondary: '' } } } },
      { scheme: 'thumbprint', thumbprints: [sha1] },
    ],
    [{ properties: { certificateThumbprint: sha256 } }, { scheme: 'thumbprint', thumbprints: [sha256.toLowerCase()] }],
    // 2023 and after: a name and a scheme.
    [
      { properties: { authenticationName: '127.0.0.1', state: 'Enabled', ...scheme('IpMatchesAuthenticationName') } },
      { name: '127.0.0.1', authenticationName: '127.0.0.1', scheme: 'ip' },
    ],
    [
      { authenticationName: 'a', ...scheme('SubjectMatchesAuthenticationName') },
      { name: 'a', authenticationName: 'a' },
    ],
    [{ ...scheme('DnsMatchesAuthenticationName') }, { scheme: 'dns' }],
    [{ ...scheme('UriMatchesAuthenticationName') }, { scheme: 'uri' }],
    [{ ...scheme('EmailMatchesAuthenticationName') }, { scheme: 'email' }],
    [
      {
        id: '/subscriptions/x',
        type: 'Microsoft.EventGrid/namespaces/clients',
        name: 'namespace/vehicle01',
        systemData: {},
        properties: {
          provisioningState: 'Succeeded',
          clientCertificateAuthentication: { validationScheme: 'ThumbprintMatch', allowedThumbprints: [sha256, sha1] },
          attributes: { room: '345', floor: 3, sensors: ['motion'] },
        },
      },
      {
        scheme: 'thumbprint',
        thumbprints: [sha256.toLowerCase(), sha1],
        attributes: { room: '345', floor: 3, sensors: ['motion'] },
      },
    ],
  ]
  for (const [resource, expected] of cases)
    assert.deepEqual(readDevice(resource, 'vehicle01'), { ...plain, ...expected })
})

test('our own form says the same in fewer words', () => {
  const name = 'vehicle01'
  assert.deepEqual(readDevice({ name }), plain)
  assert.deepEqual(readDevice({ authentication_name: name }), plain)
  assert.deepEqual(readDevice({ name, thumbprints: sha1 }), { ...plain, scheme: 'thumbprint', thumbprints: [sha1] })
  assert.deepEqual(readDevice({ name, subject: { common_name: 'c', country: 'SE' } }), {
    ...plain,
    subject: { commonName: 'c', country: 'SE' },
  })
  const attributes = { a: 'x', b: 1, c: ['y'] }
  assert.deepEqual(readDevice({ name, state: 'disabled', validation: 'uri', attributes, description: 'd' }), {
    ...plain,
    enabled: false,
    scheme: 'uri',
    attributes,
    description: 'd',
  })
})

test('what cannot be meant is said with its place', () => {
  const cases: readonly (readonly [unknown, readonly (string | number)[], RegExp])[] = [
    ['text', [], /must be a section/],
    [[], [], /must be a section/],
    [{}, [], /needs a name/],
    [{ name: '' }, ['name'], /1 to 128 characters/],
    [{ name: 'a'.repeat(129) }, ['name'], /1 to 128 characters/],
    [{ name: 'a\0b' }, ['name'], /control characters/],
    [{ name: 'a\ud800' }, ['name'], /control characters/],
    [{ name: 5 }, ['name'], /must be a text/],
    [{ name: 'a', sate: 'enabled' }, ['sate'], /is not a property of a device/],
    [{ name: 'a', state: 'on' }, ['state'], /"enabled" or "disabled"/],
    [{ name: 'a', validation: 'name' }, ['validation'], /must be one of/],
    [{ name: 'a', validation: 'thumbprint' }, [], /needs one or two thumbprints/],
    [{ name: 'a', thumbprints: ['ab'] }, ['thumbprints', 0], /40 or 64 hexadecimal/],
    [{ name: 'a', thumbprints: [sha1, sha1, sha1] }, ['thumbprints'], /one or two/],
    [{ name: 'a', thumbprints: [sha1], validation: 'dns' }, ['thumbprints'], /by thumbprint only/],
    [{ name: 'a', subject: {} }, ['subject'], /needs a common_name/],
    [{ name: 'a', subject: { common_name: 'b' }, validation: 'dns' }, ['subject'], /by subject only/],
    [{ name: 'a', attributes: { 'a-b': 1 } }, ['attributes', 'a-b'], /letters, digits/],
    [{ name: 'a', attributes: { a: 1.5 } }, ['attributes', 'a'], /must be a text, an integer/],
    [{ name: 'a', attributes: { a: { b: 1 } } }, ['attributes', 'a'], /must be a text, an integer/],
    [{ name: 'a', attributes: { a: ['b', 1] } }, ['attributes', 'a'], /must be a text, an integer/],
    [{ name: 'a', attributes: { a: 'b'.repeat(4_096) } }, ['attributes'], /less than 4 KiB/],
    [{ name: 'a', properties: {} }, ['validation'], /must be one of/],
    [
      { properties: { authenticationName: 'a', clientCertificateAuthentication: {} } },
      ['validation'],
      /must be one of/,
    ],
  ]
  for (const [value, path, message] of cases) {
    const mistake = readDevice(value)
    assert.ok('message' in mistake, JSON.stringify(value))
    assert.match(mistake.message, message)
    assert.deepEqual(mistake.path, path, mistake.message)
  }
})

test('attributes with the names of inherited properties are attributes', () => {
  const device = readDevice(JSON.parse('{"name":"a","attributes":{"__proto__":"x","constructor":"y"}}'))
  assert.ok('attributes' in device)
  assert.deepEqual(Object.entries(device.attributes), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
  assert.equal(Object.getPrototypeOf(device.attributes), Object.prototype)
})

test('JSON files have one device, several, a list, or a list in a section, however they are spaced', async (t) => {
  const { write } = folder(t)
  const names = async (text: string) => (await read(write('fleet.json', text))).map(({ name }) => name)
  assert.deepEqual(await names('{"validation":"dns"}'), ['fleet'])
  assert.deepEqual(await names('{"name":"a"}{"name":"b"}\n{"name":"c"}'), ['a', 'b', 'c'])
  assert.deepEqual(await names('[]'), [])
  assert.deepEqual(await names(''), [])
  assert.deepEqual(await names(' [ {"name":"a"} ,\n {"name":"b ] } \\" ["} ] '), ['a', 'b ] } " ['])
  assert.deepEqual(await names('{"value":[{"name":"a"},{"name":"b"}],"nextLink":null}'), ['a', 'b'])
  assert.deepEqual(await names('{ "devices" : [ {"name":"a"} ] }'), ['a'])
  assert.deepEqual(await names('{"nextLink":null,"value":[{"name":"a"},{"name":"b"}]}'), ['a', 'b'])
  const long = Array.from({ length: 5_000 }, (_, index) => ({ name: `d${index}`, description: 'x'.repeat(100) }))
  assert.equal((await names(JSON.stringify(long))).length, 5_000)
  assert.equal((await names(JSON.stringify({ devices: long }, null, 2))).length, 5_000)
  assert.equal((await names(long.map((device) => JSON.stringify(device)).join('\r\n'))).length, 5_000)
})

test('mistakes in files are named with file and line, all of them at once', async (t) => {
  const { write } = folder(t)
  const fails = async (name: string, text: string, ...expected: readonly string[]) => {
    const file = write(name, text)
    const message = expected.map((line) => `${file}${line}`).join('\n')
    await assert.rejects(read(file), { code: 'DEVICES_INVALID', message })
  }
  await fails(
    'a.json',
    '[{"name":"a"},\n{"name":""},\n{}]',
    ':2: device 2: name must have 1 to 128 characters',
    ':3: device 3: needs a name',
  )
  await fails('a.json', '[{"name":"a"}', ':1: the list does not end')
  await fails('a.json', '[\n{"name":"a"\n', ':2: what begins here does not end')
  await fails('a.json', '{"name":"a"}\nnull', ':2: a device in { } must stand here')
  await fails('a.json', '[{"name":"a"}] {"name":"b"}', ':1: a device in { } must stand here')
  await fails('a.json', '5', ':1: a device in { } must stand here')
  await fails(
    'a.yaml',
    'devices:\n  - name: a\n  - name: b\n    thumbprints:\n      - xyz\n',
    ':5: thumbprints[0] must be a SHA-1 or SHA-256 thumbprint: 40 or 64 hexadecimal digits',
  )
  await fails('a.yaml', '- name: a\n  sate: x\n', ':2: sate is not a property of a device')
  const file = write('a.jsonl', '{"name":"a"}\n{"name": b}\n')
  await assert.rejects(read(file), { message: new RegExp(`^${file}:2: device 2: .*JSON`) })
  const big = write('big.json', `[{"name":"a","description":"${'x'.repeat(1_100_000)}"}]`)
  await assert.rejects(read(big), { message: `${big}:1: what begins here has more than 1 MiB` })
  const yaml = write('big.yaml', `name: ${'x'.repeat(140_000)}`)
  await assert.rejects(read(yaml), { message: /larger than 128 KiB: put the devices into a \.jsonl file/ })
  await assert.rejects(read('/nonexistent/devices.json'), { message: /no such file/ })
  const many = write('many.jsonl', '{}\n'.repeat(1_000))
  await assert.rejects(read(many), ({ message }: Error) => message.split('\n').length === 20)
})

test('YAML files have a device, a list, or a list that is called devices', async (t) => {
  const { write } = folder(t)
  const names = async (text: string) => (await read(write('fleet.yml', text))).map(({ name }) => name)
  assert.deepEqual(await names('validation: dns'), ['fleet'])
  assert.deepEqual(await names('- name: a\n- name: b\n'), ['a', 'b'])
  assert.deepEqual(await names('devices:\n  - name: a\n'), ['a'])
  assert.deepEqual(await names('devices:\n'), [])
  assert.deepEqual(await names(''), [])
})

test('no text makes the reader of JSON do anything but say what is wrong', async (t) => {
  const { write } = folder(t)
  const good = '{"value":[{"name":"a\\"b","attributes":{"x":["y",1]}},\n{"name":"c"}]}'
  for (let at = 0; at < good.length; at++) {
    for (const character of ['', '"', '{', ']', '\\', '\0', '\n']) {
      const file = write('a.json', good.slice(0, at) + character + good.slice(at + 1))
      await read(file).catch((error: unknown) => assert.match(String(error), /BrokerError: .*a\.json/))
    }
  }
  const deep = write('deep.json', `{"a":${'['.repeat(500_000)}`)
  await assert.rejects(read(deep), { code: 'DEVICES_INVALID' })
  const closed = write('deep.json', `{"a":${'['.repeat(400_000)}${']'.repeat(400_000)}}`)
  await assert.rejects(read(closed), { code: 'DEVICES_INVALID' })
})
