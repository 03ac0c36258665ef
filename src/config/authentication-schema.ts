import Type from 'typebox'
import { certificateSchema } from './certificate-schema.ts'
import { devicesSchema } from './devices-schema.ts'
import { failuresSchema } from './failures-schema.ts'
import { httpAuthenticationSchema } from './http-authentication-schema.ts'
import { optionalText, texts } from './option.ts'
import { passwordSchema, scramSchema } from './password-schema.ts'
import { tokenSchema } from './token-schema.ts'

/** The sections of an authenticator; each has exactly one. */
export const methods = {
  password: Type.Optional(passwordSchema),
  scram: Type.Optional(scramSchema),
  certificate: Type.Optional(certificateSchema),
  devices: Type.Optional(devicesSchema),
  token: Type.Optional(tokenSchema),
  http: Type.Optional(httpAuthenticationSchema),
} as const

export const authenticatorSchema = Type.Object(
  {
    name: optionalText('What listeners call it.', 'the name of its section, such as `password`'),
    ...methods,
  },
  {
    additionalProperties: false,
    description: 'One way to prove who one is: exactly one of the sections below.',
  },
)

export const authenticationSchema = Type.Object(
  {
    clientIds: texts(
      ['*'],
      'Patterns of the client identifiers that an identity may use, unless it has patterns of its own: `*` stands for ' +
        'any characters, `{name}` for the name of the identity; `["{name}", "{name}-*"]` binds client identifiers to names.',
    ),
    failures: failuresSchema,
  },
  { additionalProperties: false, default: {}, description: 'Rules for all clients that prove who they are.' },
)
