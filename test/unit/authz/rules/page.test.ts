import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parsePolicyCases } from '../../../../src/config/policy-test.ts'
import { RuleMistakes } from '../../../../src/config/rule-mistakes.ts'
import { certificateFields, listFacts } from '../../../../src/config/rule-spec.ts'
import { rulesIn } from './kit.ts'

function page(name: string): string {
  return readFileSync(new URL(`../../../../docs/${name}`, import.meta.url), 'utf8')
}

/** The blocks of a page that are the file of this name. */
function blocks(name: string, file: string): string[] {
  return [...page(name).matchAll(/^```yml (\S+)\n(.*?)^```$/gms)].flatMap(([, of, text = '']) =>
    of === file ? [text] : [],
  )
}

test('the rules and cases that the pages show are right', () => {
  const shown = [...blocks('access-rules.md', 'rules.yaml'), ...blocks('policy-tests.md', 'rules.yaml')]
  assert.equal(shown.length, 2)
  for (const text of shown) assert.deepEqual(rulesIn(text).remarks, [])
  const mistakes = new RuleMistakes()
  const cases = blocks('policy-tests.md', 'cases.yaml').flatMap((text) =>
    parsePolicyCases(text, 'cases.yaml', mistakes),
  )
  mistakes.check()
  assert.equal(cases.length, 5)
})

test('the page of the rules names every condition', () => {
  const text = page('access-rules.md')
  for (const fact of listFacts) assert.match(text, new RegExp(`\`${fact === 'address' ? 'addresse' : fact}s: `))
  for (const field of certificateFields) assert.match(text, new RegExp(`\`${field}\``))
})
