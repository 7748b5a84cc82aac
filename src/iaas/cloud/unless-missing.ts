/** Asking for what may not be there. */
import { IaasError } from '../../model/errors.ts';

/** What is answered; undefined where the answer is that there is no such thing. @throws IaasError for any other failure */
export async function unlessMissing<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof IaasError && error.failure === 'not-found') return undefined;
    throw error;
  }
}
