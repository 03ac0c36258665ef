import { after, before, describe, test } from 'node:test'
import { installed } from '../system/cli-kit.ts'
import { followed, readDocument, type Section } from './document.ts'
import { Reader } from './reader.ts'

const programs = ['mosquitto_sub', 'mosquitto_pub', 'mosquitto_passwd', 'openssl']

/** What a section uses and this machine does not have. */
function missing({ blocks }: Section): string | false {
  const used = programs.filter((name) => blocks.some(({ language, text }) => language === 'sh' && text.includes(name)))
  const absent = used.filter((name) => installed(name) === null)
  return absent.length > 0 && `${absent.join(', ')} not installed`
}

for (const path of followed) {
  const document = readDocument(path)
  describe(path, () => {
    let reader: Reader
    before(async () => {
      reader = await Reader.begin(document)
    })
    after(() => reader[Symbol.asyncDispose]())

    for (const section of document.sections) {
      if (!section.blocks.some(({ language, words }) => language === 'sh' || words.includes('run'))) continue
      test(`the commands of "${section.title}" do and show what ${path} says`, { skip: missing(section) }, async () => {
        try {
          for (const block of section.blocks) await reader.take(block)
        } finally {
          await reader.pause()
        }
      })
    }
  })
}
