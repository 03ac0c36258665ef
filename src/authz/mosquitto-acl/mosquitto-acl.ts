// An access control file of Mosquitto:
//
//   topic read news/#              before the first user line: for clients without user name
//   user hall                      what follows is for this user
//   topic deny cmd/secret
//   topic readwrite cmd/#
//   pattern write dt/%u/#          for everybody, wherever it stands
//
// Mosquitto looks at the list of the client's user first, denials before the rest, then at the patterns, in the same way.
// As one list of which the first rule that matches decides:
//
//   denials and grants of each user | nothing more for names with + or # | denials of patterns | grants of patterns

import { RuleMistakes } from '../../config/rule-mistakes.ts'
import type { ReadRules } from '../policy/source.ts'
import { AclFile } from './acl-file.ts'
import { isBlank, readLine } from './line.ts'

/** Reads access control files of Mosquitto 2. Each file is a list of its own. */
export const readMosquittoAcl: ReadRules = (texts) => {
  const mistakes = new RuleMistakes()
  const files: AclFile[] = []
  for (const [file, text] of texts) files.push(readFile(file, text, mistakes))
  mistakes.check()
  return {
    rules: files.flatMap((file) => file.rules()),
    remarks: files.flatMap(({ remarks }) => remarks),
  }
}

function readFile(file: string, text: string, mistakes: RuleMistakes): AclFile {
  const rules = new AclFile(file)
  let number = 0
  for (let from = text.startsWith('\ufeff') ? 1 : 0; from < text.length; ) {
    const found = text.indexOf('\n', from)
    const end = found < 0 ? text.length : found
    const written = text.slice(from, trimmedEnd(text, from, end))
    const line = readLine(written)
    number++
    from = end + 1
    if (line?.kind === 'mistake') mistakes.add(file, { line: number, column: line.column }, line.message)
    else if (line !== null) rules.add(line, written, number)
  }
  return rules
}

function trimmedEnd(text: string, from: number, end: number): number {
  let at = end
  while (at > from && isBlank(text.charCodeAt(at - 1))) at--
  return at
}
