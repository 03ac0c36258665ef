import type { CertificateField } from '../../config/rule-spec.ts'
import { didYouMean } from '../../config/suggest.ts'
import type { Variable } from '../policy/pattern.ts'
import type { Subject } from '../policy/subject.ts'
import { certificateValues } from './certificate-values.ts'

/** The words that may stand in braces. */
const words: Readonly<Record<string, (subject: Subject) => readonly string[]>> = {
  user: ({ user }) => (user === null ? [] : [user]),
  client: ({ clientId }) => [clientId],
  role: ({ roles }) => [...roles],
  group: ({ groups }) => [...groups],
  listener: ({ client }) => [client.listener],
  address: ({ client }) => [client.peer.address],
  method: ({ identity }) => [identity.method],
  ...Object.fromEntries(
    (['common_name', 'dns', 'uri', 'email', 'serial', 'sha1', 'sha256'] as const satisfies CertificateField[]).map(
      (field) => [`certificate.${field}`, (subject: Subject) => certificateValues(subject, field)] as const,
    ),
  ),
}

const variables = new Map<string, Variable>(
  Object.entries(words).map(([word, values]) => [`{${word}}`, { text: `{${word}}`, values }]),
)

/** The variable of a text such as `{user}`, or what is wrong with it. */
export function variableOf(text: string): Variable | string {
  const known = variables.get(text)
  if (known !== undefined) return known
  const word = text.slice(1, -1)
  const attribute = /^attributes\.(\w{1,128})$/.exec(word)?.[1]
  if (attribute !== undefined) return { text, values: (subject) => subject.attributeTexts(attribute) }
  if (word.startsWith('permissions.'))
    return `${text} stands for whole topic filters: it must be the only topic of its rule, {permissions.publish} or {permissions.subscribe}`
  const hint = didYouMean(word, [...Object.keys(words), 'attributes.'])
  return `there is no variable ${text}${hint || `; there are {${Object.keys(words).join('}, {')}} and {attributes.NAME}`}`
}
