import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRolePatterns } from '../../../../src/authz/role-patterns/role-patterns.ts'
import { readTopicSpaces } from '../../../../src/authz/topic-spaces/topic-spaces.ts'
import { blocksOf, readDocument } from '../../../docs/document.ts'
import { mistakesOf, Rules, subjectOf } from './kit.ts'

function fileIn(page: string, name: string): string {
  const block = blocksOf(readDocument(page)).find(({ words }) => words.includes(name))
  assert.ok(block)
  return block.text
}

test('the files in the documentation are read, and say what the pages say', () => {
  const page = 'docs/access-topic-spaces.md'
  const factory = fileIn(page, 'factory.yml')
  const spaces = new Rules(readTopicSpaces({ fanoutChecks: false })(new Map([['factory.yml', factory]])))
  const machine = subjectOf('m1', { attributes: { type: 'machine' } })
  const { rule } = spaces.decide(machine, 'publish', 'machines/m1/temp')
  const told = `${rule?.place.file}:${rule?.place.line}: ${rule?.text}`
  const texts = blocksOf(readDocument(page)).flatMap(({ language, text }) => (language === 'text' ? [text] : []))
  assert.ok(
    texts.some((text) => text.includes(told)),
    told,
  )
  const wrong = factory
    .replace('authenticationName IN', 'authenticationName')
    .replace('Name: machines, topicSpaceName: c', 'Name: machine, topicSpaceName: c')
  assert.notEqual(wrong, factory)
  const mistakes = mistakesOf(readTopicSpaces({ fanoutChecks: false }), wrong, 'factory.yml')
  assert.ok(texts.includes(mistakes.join('\n')), mistakes.join('\n'))
})

test('the file of roles in the documentation is read', () => {
  const text = fileIn('docs/access-roles.md', 'roles.yml')
  const roles = new Rules(readRolePatterns(new Map([['roles.yml', text]])))
  assert.ok(roles.allows(subjectOf('d1', { method: 'token', roles: ['device'] }), 'publish', 'devices/d1/metric'))
  assert.ok(roles.allows(subjectOf('api-service'), 'subscribe', 'devices/+/metric'))
})
