import { expect, test } from 'vitest'
import { fits, stepsUnder } from './steps.ts'

const markdown = `# Name

## Try it

\`\`\`sh
npm start
\`\`\`

Then:

\`\`\`sh
# What this does.
curl -s http://127.0.0.1:4100/one
# {"id":"…"}
# and a second line
KEY=1

# Of the next.
curl -s \\
  http://127.0.0.1:4100/two
\`\`\`

\`\`\`sh
npm test
\`\`\`

## Later

\`\`\`sh
curl -s http://127.0.0.1:4100/never
\`\`\`
`

test('the lines of the blocks that ask are steps; a comment right below is what comes out', () => {
  expect(stepsUnder('## Try it', markdown)).toEqual([
    { command: 'curl -s http://127.0.0.1:4100/one', expected: ['{"id":"…"}', 'and a second line'] },
    { command: 'KEY=1', expected: [] },
    { command: 'curl -s \\\n  http://127.0.0.1:4100/two', expected: [] },
  ])
})

test('a heading that is not there has no steps', () => {
  expect(stepsUnder('## Use it', markdown)).toEqual([])
})

test('a dot is a dot, and an ellipsis is anything', () => {
  expect(fits('{"id":"…"}', '{"id":"1"}')).toBe(true)
  expect(fits('{"id":"…"}', '{"id":"1"} ')).toBe(false)
  expect(fits('HTTP/1.1 200', 'HTTP/1x1 200')).toBe(false)
})
