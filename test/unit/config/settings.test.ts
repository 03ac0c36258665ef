import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../../src/config/load.ts'
import { settingsOf } from '../../../src/config/settings.ts'
import { defaultSettings, type Settings } from '../../../src/engine/settings.ts'

test('an empty configuration asks for the default settings of the engine, field by field', () => {
  const settings: Settings = settingsOf(loadConfig({}))
  assert.deepEqual(settings, defaultSettings)
})
