import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { optionalSecret, readSettings, secretSetting, setting, settingsTable, whole } from './settings.ts'

const settings = {
  PORT: setting(whole(1, 65_535).default(8080), 'Where to listen.', '`8080`'),
  MODE: setting(z.enum(['a', 'b']), 'How.'),
  PASSWORD: secretSetting('To log in.'),
  TOKEN: optionalSecret('If set, demanded.'),
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'strongroom-settings-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const file = (text: string) => {
  const path = join(folder, 'secret')
  writeFileSync(path, text)
  return path
}
const text = (secret: { expose(): Uint8Array }) => Buffer.from(secret.expose()).toString()

test('reads numbers, defaults, and secrets from files without their last line end', () => {
  const read = readSettings(settings, { MODE: 'a', PASSWORD_FILE: file('hunter2 \n') })
  expect(read).toMatchObject({ PORT: 8080, MODE: 'a', TOKEN: undefined })
  expect(text(read.PASSWORD)).toBe('hunter2 ')
  expect(`${JSON.stringify(read)} ${String(read.PASSWORD)}`).not.toContain('hunter2')
})

test('tells every mistake at once, by name, without a value', () => {
  const env = { PORT: '80x', MODE: 'canary-mode', PASSWORD_FILE: '/nonexistent/canary' }
  let message = ''
  try {
    readSettings(settings, env)
  } catch (error) {
    message = String(error)
  }
  for (const name of ['PORT', 'MODE', 'PASSWORD']) expect(message).toContain(name)
  expect(message).not.toMatch(/canary|80x/)
})

test('what is missing is called missing', () => {
  expect(() => readSettings(settings, { MODE: 'a' })).toThrow('PASSWORD: is missing. To log in.')
})

test('of a setting with parts the part is named', () => {
  const parts = z.string().transform((input, context) => {
    context.issues.push({ code: 'custom', input, path: ['local', 'rpcUrl'], message: 'Invalid URL' })
    return z.NEVER
  })
  const read = () => readSettings({ CHAINS: setting(parts, 'Which.') }, { CHAINS: 'canary' })
  expect(read).toThrow('CHAINS: local.rpcUrl: Invalid URL. Which.')
})

test('a secret that is given twice is refused, and so is a number out of range', () => {
  expect(() => readSettings(settings, { MODE: 'a', PASSWORD: 'x', PASSWORD_FILE: file('y') })).toThrow('given twice')
  expect(() => readSettings(settings, { MODE: 'a', PASSWORD: 'x', PORT: '65536' })).toThrow('PORT')
})

test('a foreign *_FILE variable is not read', () => {
  expect(readSettings({ PORT: settings.PORT }, { PORT_FILE: '/nonexistent', OTHER_FILE: '/nonexistent' })).toEqual({
    PORT: 8080,
  })
})

test('the table has a line for each', () => {
  const lines = settingsTable(settings).split('\n')
  expect(lines).toContain('| `PASSWORD`, `PASSWORD_FILE` | required | To log in. |')
  expect(lines).toHaveLength(6)
})
