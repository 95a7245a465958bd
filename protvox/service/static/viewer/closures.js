/**
 * Lets Mol* load under a policy that forbids evaluating strings.
 *
 * The video encoder in its bundle, which is not used here, creates two kinds of functions from
 * strings while loading: one passes its arguments on, the other calls by number. Both are replaced
 * by closures; anything else throws an error, as under the policy of the frame. The policy also
 * forbids WebAssembly; it is never instantiated, which the encoder tolerates without errors.
 */
"use strict";

window.Function = new Proxy(Function, {
  construct(_target, [first]) {
    if (first === "body") {
      return (body) => /** @this {*} */ function passOn(...values) {
        return body.apply(this, values);
      };
    }
    if (first === "dynCall") {
      return (call, number) => (...values) => call(number, ...values);
    }
    throw new EvalError("evaluating strings is not allowed");
  },
});

/** @returns {Promise<never>} a promise that is never settled. */
const neverSettled = () => new Promise(() => {});
WebAssembly.instantiate = neverSettled;
WebAssembly.instantiateStreaming = neverSettled;
