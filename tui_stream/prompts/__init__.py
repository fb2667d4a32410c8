"""What a prompt is made of: words, files, piped text, templates, pictures, and the form that the answer is to have.

It exists so that all of it is read and checked before anything is sent, and every fault in it is told in a sentence.
"""
