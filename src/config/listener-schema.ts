import Type from 'typebox'
import { clientTrustOptions } from './certificate-trust-schema.ts'
import { choice, count, flag, milliseconds, optionalFile, optionalText, requiredFile, texts } from './option.ts'
import { durabilities } from './store-schema.ts'

const certificateFiles = {
  certificate: requiredFile('PEM file with the certificate, which may be followed by its chain.'),
  key: requiredFile('PEM file with the private key of the certificate.'),
  chain: optionalFile('PEM file with the intermediate certificates.', 'none'),
}

const alternativeSchema = Type.Object(certificateFiles, { additionalProperties: false })

const sniSchema = Type.Object(
  {
    serverNames: Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      description: 'Host names this certificate is for, exact or with a leading `*.`.',
      live: false,
    }),
    ...certificateFiles,
  },
  { additionalProperties: false },
)

const tlsSchema = Type.Object(
  {
    certificate: optionalFile(
      'PEM file with the certificate, which may be followed by its chain.',
      'one that the authority of the broker itself signs',
    ),
    key: optionalFile('PEM file with the private key of the certificate.', 'that of the certificate the broker makes'),
    chain: optionalFile('PEM file with the intermediate certificates.', 'none'),
    alternatives: Type.Array(alternativeSchema, {
      default: [],
      description:
        'Certificates for the same names with keys of other kinds, such as RSA beside ECDSA; a client is shown one it supports.',
      live: false,
    }),
    sni: Type.Array(sniSchema, {
      default: [],
      description: 'Further certificates, chosen by server name; two for the same name are alternatives.',
      live: false,
    }),
    clientCa: Type.Array(Type.String({ minLength: 1, file: true }), {
      default: [],
      description:
        'PEM files with the authorities that sign client certificates: roots, or authorities between alone. With none, and ' +
        'without `system_authorities`, the authority of the broker itself if it has one.',
      live: false,
    }),
    systemAuthorities: flag(
      false,
      'The authorities that the operating system trusts may sign client certificates, too.',
    ),
    clientCertificate: choice(
      ['none', 'request', 'require'],
      'none',
      'Whether clients are asked for, or must have, a certificate.',
    ),
    ...clientTrustOptions,
    minVersion: choice(['TLSv1.2', 'TLSv1.3'], 'TLSv1.2', 'The oldest TLS version accepted.'),
    ciphers: optionalText(
      'Cipher suites in the form of OpenSSL, the preferred first, such as `ECDHE-ECDSA-AES128-GCM-SHA256:HIGH`; names that begin with `TLS_` are those of TLS 1.3.',
      'those that are secure, 128-bit AES first',
    ),
    alpn: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 255 }), {
        description: 'Application protocols offered.',
        fallback: '`mqtt` on `mqtts` listeners, `http/1.1` on `wss` listeners',
        live: false,
      }),
    ),
  },
  {
    additionalProperties: false,
    description:
      'Certificate and rules of an `mqtts://` or `wss://` listener. Changed files count for new connections at once.',
  },
)

const webSocketSchema = Type.Object(
  {
    path: optionalText('The path clients must ask for.', 'the path of the URL, else `/mqtt`'),
    origins: texts([], 'Web origins that may connect, such as `https://example.org`; empty for any.'),
  },
  {
    additionalProperties: false,
    description: 'Rules of a `ws://` or `wss://` listener. Subprotocols are always `mqtt` and `mqttv3.1`.',
  },
)

const noLimit = { words: { none: 0 } }

export const listenerSchema = Type.Object(
  {
    url: Type.String({
      format: 'listener-url',
      description:
        'Where to listen: `mqtt://host:port`, `mqtts://host:port`, `ws://host:port/path`, `wss://host:port/path` or `unix:/path`. ' +
        'Host `*` is every address of the machine, port 0 a free port.',
      live: false,
    }),
    name: optionalText('What logs and the journal call this listener.', 'the URL'),
    tls: Type.Optional(tlsSchema),
    websocket: Type.Optional(webSocketSchema),
    proxyProtocol: choice(
      ['off', 'v1', 'v2', 'any'],
      'off',
      'The PROXY protocol header a load balancer in front must send.',
    ),
    maxConnections: count(100_000, 'Connections at a time.', noLimit),
    maxConnectionsPerAddress: count(20_000, 'Connections at a time from one client address.', noLimit),
    connectionRate: Type.Object(
      {
        perSecond: count(5_000, 'New connections per second in the long run.', noLimit),
        burst: count(20_000, 'New connections that may come at once.', { minimum: 1 }),
      },
      {
        additionalProperties: false,
        default: {},
        description: 'How fast new connections are accepted; those over it are closed at once.',
      },
    ),
    handshakeTimeout: milliseconds(10_000, 'Time for PROXY header, TLS handshake and WebSocket upgrade.'),
    connectTimeout: milliseconds(10_000, 'Time from accepting a connection to a complete CONNECT packet.'),
    allowAnonymous: Type.Optional(
      Type.Boolean({
        description: 'Clients that prove nothing about themselves are let in.',
        fallback:
          'the top-level `allow_anonymous`; true on loopback addresses and unix sockets while no authenticator is configured',
        live: false,
      }),
    ),
    authenticators: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description: 'Names of the authenticators that are asked who the clients of this listener are, in this order.',
        fallback: 'all of them, in the order of the file',
        live: false,
      }),
    ),
    durability: Type.Optional(
      Type.Enum([...durabilities], {
        description: 'What must have happened before a client of this listener is told that the broker has something.',
        fallback: '`store.durability`',
        live: false,
      }),
    ),
    mode: Type.Integer({
      minimum: 0,
      maximum: 0o777,
      unit: 'mode',
      default: 0o660,
      description: 'Permissions of a unix socket, three octal digits in quotes.',
      live: false,
    }),
  },
  {
    additionalProperties: false,
    shorthand: 'url',
    description: 'One listener; a plain URL is short for `{ url: … }`.',
  },
)
