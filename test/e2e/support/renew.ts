/** What one test leaves is reported once, and not by every test after it. */

/** Checks what a test has left; when it is too much, the next test gets a new scene, and the failure is passed on. */
export async function checkOrRenew(
  check: () => Promise<unknown>,
  renew: () => Promise<unknown>,
): Promise<void> {
  try {
    await check();
  } catch (error) {
    await renew();
    throw error;
  }
}
