"""The task of amino-acid environments: which of the 20 amino acids fits at a residue."""
