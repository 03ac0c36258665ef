import Type from 'typebox'
import { count, flag, milliseconds, optionalFile, optionalText, seconds, text, texts } from './option.ts'

/** The ways to sign a token that can be accepted. Those with a shared secret are not among them, nor is none. */
const tokenAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const

const day = 86_400

const keysSchema = Type.Object(
  {
    discovery: optionalText(
      'The URL of an OpenID Connect issuer, whose discovery document says where its keys are.',
      'none',
    ),
    jwksUrl: optionalText('The URL of a JSON Web Key Set.', 'none'),
    jwksFile: optionalFile('A file with a JSON Web Key Set; read again when it changes.', 'none'),
    files: Type.Array(Type.String({ minLength: 1, file: true }), {
      default: [],
      description: 'PEM files with public keys or certificates, each good for tokens; read again when they change.',
      live: false,
    }),
    ca: optionalFile('PEM file with the authorities of the server that has the keys.', 'those Node.js trusts'),
    allowHttp: flag(false, 'Keys may come over http from other machines, where anybody on the way can change them.'),
    timeout: milliseconds(5_000, 'The longest time the server that has the keys may take for an answer.', {
      maximum: 60_000,
    }),
    minimumAge: seconds(60, 'How long keys are used, at least, before they are fetched again.', {
      minimum: 1,
      maximum: day,
    }),
    maximumAge: seconds(600, 'After how long, at most, keys are fetched again; sooner where the server says so.', {
      minimum: 1,
      maximum: 30 * day,
    }),
    cooldown: seconds(10, 'The time between two fetches because tokens name keys that are not known.', {
      minimum: 1,
      maximum: day,
    }),
    staleFor: seconds(day, 'How long keys are used beyond that while they cannot be fetched again.', {
      maximum: 365 * day,
    }),
  },
  {
    additionalProperties: false,
    default: {},
    description:
      'Where the keys are that tokens are checked with: one of `discovery`, `jwks_url`, `jwks_file` and `files`.',
  },
)

const claimSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 128, description: 'What the attribute is called.', live: false }),
    claim: optionalText('The path of the claim it is taken from.', 'the name'),
  },
  { additionalProperties: false, shorthand: 'name' },
)

export const tokenSchema = Type.Object(
  {
    password: flag(true, 'A token may be given as password.'),
    userName: text('oauth2', 'The user name that says that the password is a token; `*` for any name, or none.'),
    methods: texts(['OAUTH2-JWT'], 'Names of MQTT 5 authentication methods whose data is a token.'),
    keys: keysSchema,
    issuers: texts([], 'Who may have made a token, as in its claim `iss`; empty for the issuer of `keys.discovery`.'),
    anyIssuer: flag(false, 'The claim `iss` is not looked at: whoever has one of the keys may make tokens.'),
    audiences: texts([], 'For whom a token must be made, as in its claim `aud`: one of these.'),
    anyAudience: flag(false, 'The claim `aud` is not looked at: tokens made for other services are good here, too.'),
    algorithms: Type.Array(Type.Enum([...tokenAlgorithms]), {
      default: [...tokenAlgorithms],
      minItems: 1,
      description: 'How a token may be signed.',
      live: false,
    }),
    types: texts([], 'What the header `typ` of a token must be, such as `at+jwt` or `JWT`; empty for anything.'),
    requiredClaims: texts([], 'Paths of claims a token must have; `exp` is always one of them.'),
    scopes: texts([], 'What the claim `scope` or `scp` must have, all of it.'),
    authorizedParties: texts(
      [],
      'Applications tokens may be made for, as in `azp`, else `client_id`, else `appid`; empty for any.',
    ),
    clockSkew: seconds(30, 'How far the clock of the issuer may be ahead of ours.', { maximum: 600 }),
    maximumLifetime: seconds(0, 'How long before its end a token may be made at most.', { words: { none: 0 } }),
    name: text('sub', 'The path of the claim that is the name of the client.'),
    roles: texts([], 'Paths of claims with the roles of the client: lists, or text with spaces between them.'),
    groups: texts([], 'Paths of claims with the groups of the client.'),
    attributes: Type.Array(claimSchema, {
      default: [],
      description: 'Claims that become attributes of the client; a plain text is the name of attribute and claim.',
      live: false,
    }),
    otherClaims: flag(
      false,
      'All other claims that are text, a whole number or a list of texts become attributes, too.',
    ),
    permissions: Type.Optional(
      Type.Object(
        {
          publish: optionalText('The path of the claim with the filters it may publish to.', 'none'),
          subscribe: optionalText('The path of the claim with the filters it may subscribe to.', 'none'),
        },
        {
          additionalProperties: false,
          description:
            'Claims with the topics the client may use: lists of topic filters, or text with spaces between them. They count where `permissions` is among the sources of `access`.',
        },
      ),
    ),
    attributeBytes: count(4_096, 'Bytes of the attributes of one client, names and values.', { maximum: 65_536 }),
    recheck: flag(
      false,
      'A client is disconnected when the key its token was signed with is withdrawn; else it stays until the token ends.',
    ),
  },
  {
    additionalProperties: false,
    description: 'Clients prove who they are with a JSON Web Token (JWT), as password or by MQTT 5 authentication.',
  },
)
