import Type from 'typebox'
import { nameSources } from './certificate-schema.ts'
import { flag } from './option.ts'

/** The registry of devices, which are known by name and prove it with a certificate. */
export const devicesSchema = Type.Object(
  {
    files: Type.Array(Type.String({ minLength: 1, file: true }), {
      minItems: 1,
      description:
        'Files and folders with the devices: `.yaml` or `.yml` up to 128 KiB each, `.json` and `.jsonl` of any size. ' +
        'They are read again when they change.',
      live: false,
    }),
    nameSources: Type.Array(Type.Enum([...nameSources]), {
      default: ['subject'],
      description:
        'Where the authentication name is looked for in the certificate of a client that gives no user name: the first ' +
        'of these that the certificate has. Empty: such clients are not known.',
      live: false,
    }),
    clientIdAsName: flag(
      false,
      'A client without a user name, and without any of `name_sources`, is known by its client identifier.',
    ),
  },
  { additionalProperties: false, description: 'Clients are devices of a registry.' },
)
