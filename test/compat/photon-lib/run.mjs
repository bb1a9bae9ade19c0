import { clock, codeReader, findServer } from './surroundings.mjs'
import { tellBackupStory } from './story.mjs'

const missing = { readCode: 'OUTBOX_URL', passDays: 'CLOCK_COMMAND' }
const server = findServer(process.argv[2], process.env)
if (!server) {
  console.error('Say which key server: npm test -- <baseURL>, or KEY_SERVER_URL; or start one with npm start.')
  process.exit(2)
}

const { keyServerUrl, outboxUrl, clockCommand } = server
const steps = tellBackupStory({
  keyServerUrl,
  ...(outboxUrl && { readCode: codeReader(outboxUrl) }),
  ...(clockCommand && { passDays: clock(clockCommand) }),
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
  if (lacks.length > 0) console.log(`left out  ${promise} (needs ${lacks.map((name) => missing[name]).join(', ')})`)
}
console.log(`photon-lib 0.11: ${kept} of ${steps.length} promises kept by the key server.`)
process.exit(kept === told.length ? 0 : 1)
