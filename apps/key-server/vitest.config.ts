import { testsOf } from '../../vitest.shared.ts'

export default testsOf('key-server', { postgres: true })
