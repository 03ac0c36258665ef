import Type from 'typebox'
import { choice, count, optionalFile, texts } from './option.ts'

/** The certificate authority in the box. */
export const caSchema = Type.Object(
  {
    path: Type.String({
      minLength: 1,
      default: 'ca',
      description: 'The folder of the authority. It is made when a listener needs a certificate and there is none.',
      live: false,
    }),
    names: texts(
      [],
      'Host names and addresses that clients know the broker by, such as `mqtt.example.org`; those of the machine are known.',
    ),
    key: choice(['ec', 'rsa'], 'ec', 'The kind of the keys that are made: on the curve P-256, or RSA with 2048 bits.'),
    serverDays: count(90, 'Days the certificate of the listeners is good; it is renewed when two thirds are over.', {
      minimum: 1,
      maximum: 825,
    }),
    passphraseFile: optionalFile(
      'A file with the passphrase that the keys of the authority are encrypted with; its first line counts.',
      'the keys are not encrypted',
    ),
  },
  {
    additionalProperties: false,
    default: {},
    description:
      'The certificate authority of the broker. It makes the certificate of `mqtts://` and `wss://` listeners that have none.',
  },
)
