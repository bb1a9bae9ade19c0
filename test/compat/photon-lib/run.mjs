import { tellBackupStory } from './story.mjs'

const keyServerUrl = process.argv[2] ?? process.env.KEY_SERVER_URL
if (!keyServerUrl) {
  console.error('Say which key server: npm test -- <baseURL>, or KEY_SERVER_URL.')
  process.exit(2)
}

const steps = tellBackupStory({ keyServerUrl })
let kept = 0
for (const { promise, prove } of steps) {
  try {
    await prove()
    kept++
    console.log(`ok      ${promise}`)
  } catch (error) {
    console.error(`BROKEN  ${promise}\n${error.stack ?? error}`)
    break
  }
}
console.log(`photon-lib 0.11: ${kept} of ${steps.length} promises kept by the key server.`)
process.exit(kept === steps.length ? 0 : 1)
