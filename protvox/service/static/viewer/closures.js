/**
 * Lets Mol* load where strings may not be evaluated.
 *
 * The video encoder inside its bundle, which is not used here, makes two kinds of functions from
 * strings as it loads: one that passes its arguments on, and one that calls by number. Both are
 * given as closures instead; anything else is refused, as the policy of the frame would. Its
 * machine code would be refused as well; it is kept waiting instead, which it does quietly.
 */
"use strict";

window.Function = new Proxy(Function, {
  construct(_target, [first]) {
    if (first === "body") {
      return (body) => function passOn(...values) { return body.apply(this, values); };
    }
    if (first === "dynCall") {
      return (call, number) => (...values) => call(number, ...values);
    }
    throw new EvalError("strings are not evaluated here");
  },
});

WebAssembly.instantiate = () => new Promise(() => {});
WebAssembly.instantiateStreaming = WebAssembly.instantiate;
