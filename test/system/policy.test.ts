import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Folder, run } from './cli-kit.ts'

const rules = `rules:
  - { name: own topics, allow: publish, topic: 'dt/{user}/#' }
  - { deny: subscribe, topic: dt/secret }
  - { allow: subscribe, topic: dt/#, role: reader }
  - { allow: publish, topic: 'dt/{user}/a', user: x }
`
const cases = `who:
  reader: { user: r, role: reader }
cases:
  - who: { user: d1 }
    allow: [publish dt/d1/temp]
    deny: [publish dt/d2/temp, subscribe dt/d1/temp]
  - who: reader
    allow: [receive dt/d1/temp]
    deny: [subscribe dt/secret]
`

test('policy test decides cases and says which rules decided none', async () => {
  await using folder = await Folder.open()
  const config = await folder.write('rules.yaml', rules)
  const good = await folder.write('cases.yaml', cases)
  const outcome = await run(['policy', 'test', '--config', config, good])
  assert.equal(outcome.stderr, '')
  assert.equal(outcome.code, 0)
  assert.equal(
    outcome.text.replaceAll(`${folder.path}/`, ''),
    'rules.yaml:5: decided no case: allow publish dt/{user}/a if user is "x"\n' +
      '5 cases, 0 failed; 3 of 4 rules decided one (75 %)\n',
  )
  const short = await run(['policy', 'test', '--config', config, good, '--coverage', '80'])
  assert.equal(short.code, 1)
  assert.equal(short.stderr, 'petaltail: 75 % of the rules decided a case, and it must be 80 %\n')
})

test('policy test tells of a case that fails which rule decided, or which came nearest', async () => {
  await using folder = await Folder.open()
  const config = await folder.write('rules.yaml', rules)
  const bad = await folder.write(
    'cases.yaml',
    'cases:\n  - { name: hers, who: { user: d1 }, allow: [publish dt/d2/temp], deny: [publish dt/d1/temp] }\n',
  )
  const { code, text, stderr } = await run(['policy', 'test', '--config', config, bad])
  assert.equal(code, 1)
  assert.equal(stderr, '')
  const shown = text.replaceAll(`${folder.path}/`, '')
  assert.match(
    shown,
    /^cases\.yaml:2: hers: d1 publish dt\/d2\/temp: expected allow, was denied\n {2}no rule allows it\n/,
  )
  assert.match(
    shown,
    /\ncases\.yaml:2: hers: d1 publish dt\/d1\/temp: expected deny, was allowed\n {2}allowed by rules\.yaml:2: own topics: /,
  )
  assert.match(shown, /\n2 cases, 2 failed; 1 of 4 rules decided one \(25 %\)\n$/)
})

test('policy diff tells what is answered otherwise, with cases and without', async () => {
  await using folder = await Folder.open()
  const before = await folder.write('old.yaml', rules)
  const after = await folder.write(
    'new.yaml',
    rules.replace('role: reader', 'role: boss').replace('{user}/#', '{client}/#'),
  )
  const given = await folder.write('cases.yaml', cases)
  const asked = await run(['policy', 'diff', before, after, '--cases', given])
  assert.equal(asked.code, 0)
  assert.equal(
    asked.text.replaceAll(`${folder.path}/`, ''),
    'r (role reader) receive dt/d1/temp: now denied\n' +
      '  before: allowed by old.yaml:4: allow subscribe dt/# if role is "reader"\n' +
      '  after:  no rule allows it\n' +
      '5 attempts of cases.yaml: 1 answer changes: 1 now denied\n',
  )
  const made = await run(['policy', 'diff', before, after])
  assert.equal(made.code, 0)
  assert.match(made.text, /\nnobody said what to ask: made up from the rules/)
  assert.match(made.text, /example \(client example-client\) publish dt\/example\/example: now denied/)
  const same = await run(['policy', 'diff', before, before])
  assert.match(same.text, /: no answer changes\n$/)
})

test('policy lint looks at rules and at what the clients of the configuration may have', async () => {
  await using folder = await Folder.open()
  const path = await folder.write('rules.yaml', `${rules}  - { allow: publish, topic: 'site/{attributes.site}/#' }\n`)
  const alone = await run(['policy', 'lint', path])
  assert.equal(alone.code, 0)
  assert.equal(
    alone.text.replaceAll(`${folder.path}/`, ''),
    'rules.yaml:5: never decides: rules.yaml:2 comes first and is about all of it: own topics: allow publish dt/{user}/#\n5 rules: 1 remark\n',
  )
  await folder.write('users.yaml', 'users:\n  - { name: d1, attributes: { area: x } }\n')
  const config = await folder.write(
    'broker.yaml',
    `authenticators: [{ password: { file: ${folder.path}/users.yaml } }]\naccess:\n  sources: [{ rules: ${path} }]\n`,
  )
  const { code, text } = await run(['policy', 'lint', config, '--strict'])
  assert.equal(code, 1)
  assert.match(
    text,
    /rules\.yaml:6: no client has the attribute site: its topic matches nothing\n5 rules: 2 remarks\n$/,
  )
})

test('policy reads the rules of other brokers, too', async () => {
  await using folder = await Folder.open()
  const acl = await folder.write('acl', 'user bob\ntopic readwrite a/#\n\npattern read b/c\n')
  const given = await folder.write(
    'cases.yaml',
    'cases:\n  - { who: { user: bob }, allow: [publish a/b, receive b/c], deny: [publish b/c] }\n',
  )
  const { code, text } = await run(['policy', 'test', '--config', acl, '--as', 'mosquitto_acl', given])
  assert.equal(code, 0, text)
  assert.match(text, /3 cases, 0 failed; 2 of 2 rules decided one \(100 %\)\n$/)
  const { text: remarks } = await run(['policy', 'lint', acl, '--as', 'mosquitto_acl'])
  assert.match(remarks, /acl:4: /)
})

test('what is wrong with files and options is said in a line each, and ends with 1 or 2', async () => {
  await using folder = await Folder.open()
  const bad = await folder.write('rules.yaml', 'rules:\n  - alow: publish\n  - allow: publish\n    topic: a#\n')
  const wrong = await run(['policy', 'lint', bad])
  assert.equal(wrong.code, 1)
  assert.equal(wrong.stderr.split('\n').length, 4)
  const empty = await folder.write('broker.yaml', '')
  const none = await run(['policy', 'lint', empty])
  assert.match(none.stderr, /has no section "access"/)
  assert.equal((await run(['policy', 'test', '--config', bad])).code, 2)
  assert.equal(
    (await run(['policy', 'lint', `${folder.path}/nothing`])).stderr,
    `petaltail: ${folder.path}/nothing: there is no such file\n`,
  )
  assert.equal((await run(['policy', 'diff', bad, bad, '--cases', 'a', '--journal', 'b'])).code, 2)
})
