import { texts } from '@/text'

/** A refusal of the server, or the network's silence (code "network": nothing is known to have happened). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Record<string, unknown> = {},
  ) {
    super(message)
    this.name = 'ApiError'
  }

  get offline(): boolean {
    return this.code === 'network'
  }

  static from(status: number, body: unknown): ApiError {
    const told = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
    const code = typeof told.code === 'string' ? told.code : `http_${status}`
    const message = typeof told.message === 'string' && told.message ? told.message : texts.serverTrouble
    const details = typeof told.details === 'object' && told.details !== null ? told.details : {}
    return new ApiError(status, code, message, details as Record<string, unknown>)
  }

  static network(): ApiError {
    return new ApiError(0, 'network', texts.noNetwork)
  }
}

/** The person closed the sign-in page; what they had begun is simply not done. */
export class SignInDeclined extends Error {}

export function sentenceOf(error: unknown): string {
  return error instanceof ApiError ? error.message : texts.serverTrouble
}
