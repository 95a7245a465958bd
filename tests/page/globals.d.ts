/** The bundle of Mol*, loaded by `viewer/index.html`. */
declare const molstar: any;
