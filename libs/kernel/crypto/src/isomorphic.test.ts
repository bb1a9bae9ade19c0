import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const folder = new URL('.', import.meta.url)
const sources = readdirSync(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
const allowed = /^(\.\/[a-z0-9-]+\.ts|@noble\/(curves|hashes)\/[a-z0-9]+\.js|@scure\/base|canonicalize)$/

describe.each(sources)('%s runs in a browser as in Node', (file) => {
  const text = readFileSync(new URL(file, folder), 'utf8')

  test('it imports nothing but its neighbours and the four libraries', () => {
    const imported = [...text.matchAll(/(?:from|import\(?) '([^']+)'/g)].map((match) => match[1])
    expect(imported.filter((name) => !allowed.test(name as string))).toEqual([])
  })

  test('it names nothing that only one platform has, and no way out', () => {
    expect(text).not.toMatch(/\b(Buffer|process|require|window|document|fetch|localStorage|console)[.(]/)
  })
})
