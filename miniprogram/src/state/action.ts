import { reactive } from 'vue'
import { ApiError, SignInDeclined, sentenceOf } from '@/api/errors'

/** One button's work: busy while it runs (a second tap does nothing), its refusal kept as a sentence. */
export function useAction() {
  const state = reactive({ busy: false, error: '' })

  async function run(work: () => Promise<void>, refused?: (error: ApiError) => boolean): Promise<void> {
    if (state.busy) return
    state.busy = true
    state.error = ''
    try {
      await work()
    } catch (error) {
      if (error instanceof SignInDeclined) return
      if (error instanceof ApiError && refused?.(error)) return
      if (!(error instanceof ApiError)) console.error(error)
      state.error = sentenceOf(error)
    } finally {
      state.busy = false
    }
  }

  return { state, run }
}
