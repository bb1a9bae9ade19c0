import { tellWalletStory } from './story.mjs'
import { findServer, mailReader } from './surroundings.mjs'

const missing = { readLink: 'OUTBOX_URL', readCode: 'OUTBOX_URL', objectsUrl: 'OBJECTS_URL' }
const server = findServer(process.argv[2], process.env)
if (!server) {
  console.error(
    'Say which identity storage: npm test -- <baseURL>, or IDENTITY_STORAGE_URL; or start one with npm start.',
  )
  process.exit(2)
}

const { identityStorageUrl, outboxUrl, objectsUrl } = server
const steps = tellWalletStory({
  identityStorageUrl,
  objectsUrl,
  ...(outboxUrl && {
    readLink: mailReader(outboxUrl, /https?:\/\/\S+\/([\w-]+)/),
    readCode: mailReader(outboxUrl, /code is: (\d{6})/),
  }),
})
const told = steps.filter(({ prove }) => prove)
let kept = 0
for (const { promise, prove } of told) {
  try {
    await prove()
    kept++
    console.log(`ok        ${promise}`)
  } catch (error) {
    console.error(`BROKEN    ${promise}\n${error.stack ?? error}`)
    break
  }
}
for (const { promise, lacks = [] } of steps) {
  const needs = [...new Set(lacks.map((name) => missing[name]))]
  if (needs.length > 0) console.log(`left out  ${promise} (needs ${needs.join(', ')})`)
}
console.log(`js-sdk 1.15: ${kept} of ${steps.length} promises kept by the identity storage.`)
process.exit(kept === told.length ? 0 : 1)
