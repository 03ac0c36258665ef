import Type from 'typebox'
import { choice, flag, milliseconds, optionalText } from './option.ts'

function fileList(description: string) {
  return Type.Array(Type.String({ minLength: 1, file: true }), { default: [], description, live: false })
}

/** What a listener asks of the certificates of clients; part of its section `tls`. */
export const clientTrustOptions = {
  trust: choice(
    ['issued', 'issued_and_authorized', 'issued_or_authorized'],
    'issued_or_authorized',
    'Which client certificates are good. `issued`: those that an authority of the listener issued; ' +
      '`issued_and_authorized`: those of them that `authorized_certificates` lists or the registry of devices has; ' +
      '`issued_or_authorized`: all of these, also if they are signed by themselves or expired. ' +
      'What is revoked is never good.',
  ),
  authorizedCertificates: fileList(
    'Files that list certificates of clients: in PEM, or a SHA-1 or SHA-256 thumbprint a line.',
  ),
  revokedCertificates: fileList(
    'Files that list certificates of clients, or of authorities between, that are not good any more, in the same form.',
  ),
  crlFiles: fileList('Certificate revocation lists in PEM or DER, of any number of authorities.'),
  crlPolicy: choice(
    ['tolerant', 'strict'],
    'tolerant',
    'What a revocation list that is missing or out of date means. `tolerant`: what it says still counts, what it does ' +
      'not say is no obstacle; `strict`: no certificate gets in whose authority has no current list.',
  ),
  ocsp: Type.Object(
    {
      mode: choice(
        ['off', 'soft', 'hard'],
        'off',
        'Whether the status of client certificates is asked of an OCSP responder. `soft`: a responder that does not ' +
          'answer is no obstacle; `hard`: without an answer nobody gets in.',
      ),
      url: optionalText('The responder, an `http://` or `https://` URL.', 'the one that the certificate names'),
      timeout: milliseconds(3_000, 'The longest time a responder has to answer.', { maximum: 30_000 }),
      nonce: flag(false, 'Each question carries a random number that the answer must repeat.'),
    },
    { additionalProperties: false, default: {}, description: 'Online status of client certificates.' },
  ),
} as const
