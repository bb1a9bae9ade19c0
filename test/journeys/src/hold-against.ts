import { fieldOf, hearSurely, type KeyServer } from './key-server.ts'
import type { KeyStory } from './story.ts'

/**
 * Compares what a key does now with its story: a line for each promise broken. What was in doubt is settled by what is
 * found, and must stay so.
 */
export async function holdAgainst(server: KeyServer, story: KeyStory): Promise<string[]> {
  const { id, pins, pastPins, fate } = story
  const refused = [...pastPins, ...(fate === 'erased' ? pins : [])]
  const wrongly: string[] = []
  for (const pin of refused) {
    const { status } = await hearSurely(() => server.open(id, pin))
    if (status !== 404) wrongly.push(`${id}: a PIN that was put aside, or of an erased key, answers ${String(status)}`)
  }
  return fate === 'erased' ? wrongly : [...wrongly, ...(await settle(server, story))]
}

/** Of two PINs in doubt exactly one opens; of a key in doubt one does or none, and then it is gone. */
async function settle(server: KeyServer, story: KeyStory): Promise<string[]> {
  const { id, pins, fate } = story
  const opening: string[] = []
  for (const pin of pins) {
    const { status, text } = await hearSurely(() => server.open(id, pin))
    if (status !== 200 && status !== 404) return [`${id}: opening it answers ${String(status)} ${text}`]
    if (status !== 200) continue
    opening.push(pin)
    const key = fieldOf(text, 'encryptionKey')
    story.encryptionKey ??= key
    if (key !== story.encryptionKey) return [`${id}: it opens to another key`]
  }
  if (opening.length > 1) return [`${id}: it opens with the old PIN and with the new one`]
  if (opening.length === 0 && fate === 'kept') return [`${id}: it was acknowledged, and no PIN opens it`]
  story.fate = opening.length === 0 ? 'erased' : 'kept'
  if (opening.length > 0) {
    story.pastPins = [...story.pastPins, ...pins.filter((pin) => !opening.includes(pin))]
    story.pins = opening
  }
  return []
}
