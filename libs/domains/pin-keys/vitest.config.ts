import { testsOf } from '../../../vitest.shared.ts'

export default testsOf('pin-keys', { postgres: true })
